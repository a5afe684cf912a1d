import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** Bytes of the data key: AES-256. */
export const DATA_KEY_BYTES = 32;
/** Bytes of a file's random seed; every file has a key of its own, so that counters may serve as nonces. */
export const SEED_BYTES = 32;
/** Bytes that sealing adds: GCM's tag, which is also the link of the chain. */
export const TAG_BYTES = 16;
/** Bytes of a key's fingerprint in file headers. */
export const KEY_ID_BYTES = 8;

/** Names a data key in file headers without telling anything of it. */
export function keyId(dataKey: Uint8Array): Uint8Array {
  return createHash('sha256').update('ruche key id').update(dataKey).digest().subarray(0, KEY_ID_BYTES);
}

/**
 * Seals the frames of one file with AES-256-GCM under a key derived from the data key and the file's seed. The frame's number is
 * the nonce: a number must never be used twice in a file, which is why a log that was cut goes on in a new segment. The tag of the
 * frame before is authenticated with each frame: frames can't be dropped, reordered or taken from elsewhere unnoticed.
 */
export class Sealer {
  readonly #key: Uint8Array;

  constructor(dataKey: Uint8Array, seed: Uint8Array, purpose: 'log' | 'snapshot') {
    this.#key = new Uint8Array(hkdfSync('sha256', dataKey, seed, `ruche ${purpose} 1`, 32));
  }

  /** Ciphertext followed by the tag. `previous` is the tag before, or the seed for the first frame. */
  seal(number: number, previous: Uint8Array, plain: readonly Uint8Array[]): Uint8Array[] {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(number));
    cipher.setAAD(previous);
    const parts: Uint8Array[] = plain.map((part) => cipher.update(part));
    parts.push(cipher.final(), cipher.getAuthTag());
    return parts;
  }

  /** The plain bytes, or `undefined` when the frame, its number or what came before it is not what was sealed. */
  open(number: number, previous: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce(number));
    decipher.setAAD(previous);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    try {
      return Buffer.concat([plain, decipher.final()]);
    } catch {
      return undefined; // GCM's only way to say that the tag does not fit: the answer of this function
    }
  }
}

function nonce(number: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(number), 4);
  return bytes;
}
