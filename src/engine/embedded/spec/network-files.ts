import { Refusal } from '../../../base/index.ts';

/** The three files that the engine writes for each container and mounts over the image's own. */
export interface NetworkFiles {
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
}

export interface NetworkFilesInput {
  readonly hostname: string;
  readonly domainname: string;
  /** `name:address`, as Docker's `--add-host`; several names may be separated by spaces, as swarm services have them. */
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** Text of the host's own resolv.conf; loopback servers in it can't be reached from a container and are left out. */
  readonly hostResolvConf: string;
}

const localLines = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

function hostLine(entry: string): string {
  // The first colon or equals sign separates: names hold neither, IPv6 addresses hold colons.
  const [, names, address] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  if (names === undefined || address === undefined || !/^[0-9a-fA-F.:%]+$/.test(address.replace(/^\[(.*)\]$/, '$1')))
    throw new Refusal('container-host-entry-invalid', { entry });
  return `${address.replace(/^\[(.*)\]$/, '$1')}\t${names}`;
}

const rowsOf = (text: string, keyword: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.split(/\s+/)[0] === keyword)
    .map((line) => line.slice(keyword.length).trim());

export function networkFiles(input: NetworkFilesInput): NetworkFiles {
  const full = input.domainname === '' ? input.hostname : `${input.hostname}.${input.domainname} ${input.hostname}`;
  const hostServers = rowsOf(input.hostResolvConf, 'nameserver').filter((server) => !/^(127\.|::1$)/.test(server));
  const servers = input.dns.length > 0 ? input.dns : hostServers;
  const search =
    input.dnsSearch.length > 0
      ? input.dnsSearch.filter((name) => name !== '.')
      : rowsOf(input.hostResolvConf, 'search');
  const options = input.dnsOptions.length > 0 ? input.dnsOptions : rowsOf(input.hostResolvConf, 'options');
  const resolvLines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return {
    hosts: `${[...localLines, ...input.extraHosts.map(hostLine), `127.0.0.1\t${full}`].join('\n')}\n`,
    hostname: `${input.hostname}\n`,
    resolvConf: resolvLines.map((line) => `${line}\n`).join(''),
  };
}
