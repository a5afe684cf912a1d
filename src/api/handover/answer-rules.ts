import { parseExact } from '../../engine/docker/index.ts';
import { encodeJson } from '../../model/index.ts';
import { type Crossing, clientAloneHas, engineAloneHas } from './crossing.ts';

type Document = Readonly<Record<string, unknown>>;
type Bridge = (crossing: Crossing, document: unknown) => unknown;

/** Answers whose fields differ by version in ways that clients see, by route. */
const bridges: Readonly<Record<string, Bridge>> = {
  'GET /images/json': (crossing, document) => eachObject(document, (image) => bridgeSize(crossing, image)),
  'GET /images/{name:.*}/json': (crossing, document) => eachObject(document, (image) => bridgeImage(crossing, image)),
  'GET /containers/{id}/json': (crossing, document) =>
    eachObject(document, (container) => bridgeContainer(crossing, container)),
  'GET /system/df': (crossing, document) => eachObject(document, (usage) => bridgeUsage(crossing, usage)),
};

/** Fields that API 1.50 took out of an image's configuration: they belong to containers. */
const containerOnlyFields = [
  ...['Hostname', 'Domainname', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin', 'StdinOnce'],
  ...['Image', 'MacAddress', 'NetworkDisabled', 'StopTimeout'],
];

const VIRTUAL_SIZE_GONE = 44;
const IMAGE_CONTAINER_GONE = 45;
const IMAGE_CONFIG_TRIMMED = 50;
/** Also `BuilderSize` of `GET /system/df`. */
const KERNEL_MEMORY_GONE = 42;

/** Whether the engine's answer must be read and rewritten before the client gets it. */
export function hasAnswerRules(crossing: Crossing): boolean {
  return (
    crossing.client !== crossing.engine && bridges[`${crossing.route.method} ${crossing.route.path}`] !== undefined
  );
}

/** The answer's JSON as an engine of the client's version would have written it. */
export function crossAnswer(crossing: Crossing, text: string): string {
  const bridge = bridges[`${crossing.route.method} ${crossing.route.path}`];
  return bridge === undefined ? text : `${encodeJson(bridge(crossing, parseExact(text)))}\n`;
}

function eachObject(document: unknown, bridge: (object: Document) => Document): unknown {
  if (Array.isArray(document)) return document.map((item) => eachObject(item, bridge));
  // An object that is no list has string keys.
  return typeof document === 'object' && document !== null ? bridge(document as Document) : document;
}

function bridgeSize(crossing: Crossing, image: Document): Document {
  if (clientAloneHas(crossing, VIRTUAL_SIZE_GONE)) return without(image, ['VirtualSize']);
  if (engineAloneHas(crossing, VIRTUAL_SIZE_GONE)) return { ...image, VirtualSize: image.Size };
  return image;
}

function bridgeImage(crossing: Crossing, image: Document): Document {
  let bridged = bridgeSize(crossing, image);
  if (clientAloneHas(crossing, IMAGE_CONTAINER_GONE)) bridged = without(bridged, ['Container', 'ContainerConfig']);
  if (!clientAloneHas(crossing, IMAGE_CONFIG_TRIMMED)) return bridged;
  return { ...bridged, Config: eachObject(bridged.Config, (config) => without(config, containerOnlyFields)) };
}

function bridgeContainer(crossing: Crossing, container: Document): Document {
  if (!clientAloneHas(crossing, KERNEL_MEMORY_GONE)) return container;
  const HostConfig = eachObject(container.HostConfig, (config) =>
    without(
      config,
      ['KernelMemory', 'KernelMemoryTCP'].filter((name) => config[name] === 0),
    ),
  );
  return { ...container, HostConfig };
}

function bridgeUsage(crossing: Crossing, usage: Document): Document {
  const Images = eachObject(usage.Images, (image) => bridgeSize(crossing, image));
  const bridged = 'Images' in usage ? { ...usage, Images } : usage;
  return clientAloneHas(crossing, KERNEL_MEMORY_GONE) ? without(bridged, ['BuilderSize']) : bridged;
}

function without(object: Document, names: readonly string[]): Document {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
