/** The bits of an IP address as text, 32 or 128 of them; `undefined` when the text is no address. Zones are not addresses. */
export function addressBits(address: string): string | undefined {
  return address.includes(':') ? bitsOf6(address) : bitsOf4(address);
}

/** A subnet in CIDR form as Go's ParseCIDR reads it: the address may have host bits. */
export interface Cidr {
  readonly bits: string;
  readonly prefixLength: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const bits = addressBits(address);
  if (bits === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefixLength = Number(length);
  return prefixLength > bits.length ? undefined : { bits, prefixLength };
}

/** Whether an address lies in a subnet. */
export function cidrContains(cidr: Cidr, bits: string): boolean {
  return bits.length === cidr.bits.length && bits.slice(0, cidr.prefixLength) === cidr.bits.slice(0, cidr.prefixLength);
}

function bitsOf4(address: string): string | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.map((part) => Number(part).toString(2).padStart(8, '0')).join('');
}

function bitsOf6(address: string): string | undefined {
  const halves = address.split('::');
  // An IPv4 address may only end the whole.
  if (halves.length > 2 || (halves.length === 2 && halves[0]?.includes('.'))) return undefined;
  const groups = halves.map(groupsOf);
  const [head, tail] = groups;
  if (head === undefined || groups.some((half) => half === undefined)) return undefined;
  if (tail === undefined) return head.length === 8 ? join(head) : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : join([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

function groupsOf(half: string): readonly number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const parts = half.split(':');
  for (const [at, part] of parts.entries()) {
    const embedded = at === parts.length - 1 && part.includes('.') ? bitsOf4(part) : undefined;
    if (embedded !== undefined)
      groups.push(Number.parseInt(embedded.slice(0, 16), 2), Number.parseInt(embedded.slice(16), 2));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function join(groups: readonly number[]): string | undefined {
  return groups.length === 8 ? groups.map((group) => group.toString(2).padStart(16, '0')).join('') : undefined;
}
