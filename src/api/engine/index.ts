/**
 * The container and image endpoints of the Engine API on the daemon's own engine, behind the ports `LocalEngine` and `LocalImages`.
 * Knows HTTP and Docker's framing; knows nothing of how containers are run or where images come from.
 */
export type { Document, LocalImages } from './local-images.ts';
export { createLocalPassage } from './passage.ts';
