import { Refusal } from '../../base/index.ts';
import {
  containerCreateFields,
  type FieldRule,
  isZero,
  memberKey,
  memberOf,
  parseExact,
  refuseNewerFields,
  versionText,
} from '../../engine/docker/index.ts';
import { encodeJson } from '../../model/index.ts';
import { type Crossing, clientAloneHas, isNewerClient } from './crossing.ts';

/** Fields of bodies that older engines would ignore, by route. `ConsoleSize` of exec is bridged in its own place. */
const bodyRules: Readonly<Record<string, readonly FieldRule[]>> = {
  'POST /containers/create': containerCreateFields,
  'POST /commit': [{ path: 'Healthcheck.StartInterval', needs: 44 }],
  'POST /volumes/create': [{ path: 'ClusterVolumeSpec', needs: 42 }],
};

/** API 1.44 moved the MAC address from the container to its endpoints. */
const ENDPOINT_MAC_ADDRESS = 44;

/** Whether a request's body must be read before it can cross. */
export function hasBodyRules(crossing: Crossing): boolean {
  return isNewerClient(crossing) && bodyRules[routeName(crossing)] !== undefined;
}

/** The body for the engine; refuses fields that it is too old for, by name. */
export function crossBody(crossing: Crossing, body: Buffer): Buffer {
  const parsed = parseDocument(body);
  // No JSON: the engine says so in its own words.
  if (parsed === undefined) return body;
  refuseNewerFields(parsed, bodyRules[routeName(crossing)] ?? [], crossing.engine);
  if (routeName(crossing) !== 'POST /containers/create' || !clientAloneHas(crossing, ENDPOINT_MAC_ADDRESS)) return body;
  return withContainerMacAddress(parsed, crossing) ?? body;
}

const routeName = ({ route }: Crossing) => `${route.method} ${route.path}`;

/** A JSON document, or `undefined` where the bytes are none. */
export function parseDocument(body: Buffer): unknown {
  try {
    return parseExact(body.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Moves the one endpoint's MAC address to where the older engine reads it. Older engines know one for all endpoints only. */
function withContainerMacAddress(parsed: unknown, crossing: Crossing): Buffer | undefined {
  const endpoints = memberOf(memberOf(parsed, 'NetworkingConfig'), 'EndpointsConfig');
  if (typeof endpoints !== 'object' || endpoints === null) return undefined;
  const addressed = Object.values(endpoints).filter((endpoint) => !isZero(memberOf(endpoint, 'MacAddress')));
  if (addressed.length === 0) return undefined;
  if (addressed.length > 1 || Object.keys(endpoints).length > 1) {
    throw new Refusal('engine-field-too-old', {
      field: 'NetworkingConfig.EndpointsConfig{}.MacAddress of one of several endpoints',
      needs: versionText(ENDPOINT_MAC_ADDRESS),
      has: versionText(crossing.engine),
    });
  }
  const [endpoint] = addressed;
  const key = memberKey(parsed, 'MacAddress') ?? 'MacAddress';
  // `parsed` has a member, so that it is an object.
  return Buffer.from(encodeJson({ ...(parsed as object), [key]: memberOf(endpoint, 'MacAddress') }));
}
