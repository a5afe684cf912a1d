import { Refusal } from '../../../../base/index.ts';
import { JsonFields } from '../documents/json.ts';

/** Longer ones are no credentials. */
const MAX_HEADER_CHARACTERS = 64 * 1024;

/** What a client sent for a registry; at most one of the three is used. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** Changed for an access token at the registry's token server. */
  readonly identityToken?: string;
  /** Sent as it is. */
  readonly registryToken?: string;
}

/** Reads the value of X-Registry-Auth: JSON in base64, of either alphabet. An empty one means none. */
export function parseCredentials(header: string | undefined): Credentials {
  if (header === undefined || header === '') return {};
  if (header.length > MAX_HEADER_CHARACTERS)
    throw new Refusal('registry-credentials-invalid', { why: 'they are too long' });
  const json = Buffer.from(header, 'base64').toString('utf8');
  if (json.trim() === '') return {};
  const fields = JsonFields.parse(json, 'X-Registry-Auth');
  const username = fields.text('username') || undefined;
  const password = fields.text('password') || undefined;
  const identityToken = fields.text('identitytoken') || undefined;
  const registryToken = fields.text('registrytoken') || undefined;
  const [authName, authPassword] = splitAuth(fields.text('auth'));
  const name = username ?? authName;
  const secret = password ?? authPassword;
  return {
    ...(name === undefined ? {} : { username: name }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
}

/** The header of basic authentication, if there are a name and a password. */
export function basicAuthorization({ username, password }: Credentials): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `auth` in Docker's own files: base64 of name:password. */
function splitAuth(auth: string | undefined): [string?, string?] {
  const text = auth ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  return colon <= 0 ? [] : [text.slice(0, colon), text.slice(colon + 1)];
}
