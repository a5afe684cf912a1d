/** Streams of a multiplexed answer. `systemError` carries a text that the client shows as the daemon's own. */
const streamNumber = { stdin: 0, stdout: 1, stderr: 2, systemError: 3 } as const;

/**
 * One frame of Docker's multiplexed stream:
 *
 *     | u8 stream | 0 0 0 | u32 big-endian length | bytes |
 */
export function frame(stream: keyof typeof streamNumber, bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(8 + bytes.length);
  framed.writeUInt32BE(streamNumber[stream] << 24, 0);
  framed.writeUInt32BE(bytes.length, 4);
  framed.set(bytes, 8);
  return framed;
}

/** The type of a log or attach answer: raw with a terminal, and for clients older than the name of the multiplexed one. */
export function streamContentType(hasTerminal: boolean, apiMinor: number): string {
  return hasTerminal || apiMinor < 42
    ? 'application/vnd.docker.raw-stream'
    : 'application/vnd.docker.multiplexed-stream';
}
