/** Bounds on one layer, so that an archive made to harm fills neither disk nor memory. */
export interface LayerLimits {
  /** Members of the archive, whiteouts included. Each costs about 200 bytes of memory while its layer is unpacked. */
  readonly maxEntries: number;
  /** Bytes of all files together, unpacked. */
  readonly maxBytes: number;
  /** Unpacked bytes per compressed byte, looked at once `ratioFromBytes` are unpacked. */
  readonly maxRatio: number;
  /** A small layer of zeros compresses a thousandfold and harms nobody. */
  readonly ratioFromBytes: number;
}

/** Larger than any image of Docker Hub's first thousand, small enough for a laptop's disk. */
export const DEFAULT_LAYER_LIMITS: LayerLimits = {
  maxEntries: 1_000_000,
  maxBytes: 64 * 1024 ** 3,
  maxRatio: 400,
  ratioFromBytes: 4 * 1024 ** 3,
};

/** Linux's PATH_MAX; a longer name could never be opened. */
export const MAX_PATH_BYTES = 4096;
/** Linux's NAME_MAX. */
export const MAX_COMPONENT_BYTES = 255;
/** Linux's XATTR_SIZE_MAX and XATTR_NAME_MAX, and what ext4 holds outside of an inode is less. */
export const MAX_XATTR_VALUE_BYTES = 65_536;
export const MAX_XATTR_NAME_BYTES = 255;
/** Linux follows this many symbolic links in one path. */
export const MAX_SYMLINK_HOPS = 40;
