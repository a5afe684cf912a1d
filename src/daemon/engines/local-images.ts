import type { LocalImages } from '../../api/engine/index.ts';
import type { Images } from '../../engine/embedded/images/index.ts';
import { lines } from './progress-lines.ts';

/** The embedded engine's images as the API shows them. */
export function localImages(images: Images): LocalImages {
  return {
    list: (filters) => images.list(filters),
    inspect: (reference) => images.inspect(reference),
    history: (reference) => images.history(reference),
    tag: (reference, target) => images.tag(reference, target),
    remove: (reference, options) => images.remove(reference, options),
    pull: (reference, { registryAuth, platform, signal }) =>
      lines(async (emit) => {
        const credentials = registryAuth === undefined ? {} : { credentials: { RegistryAuth: registryAuth } };
        const chosen = platform === undefined ? {} : { platform };
        await images.pull(reference, { ...credentials, ...chosen, onProgress: emit, signal });
      }),
    import: (archive, { reference, message, changes, platform, signal }) =>
      lines(async (emit) => {
        const id = await images.import(archive, {
          ...(reference !== undefined && { reference }),
          ...(message !== undefined && { message }),
          ...(platform !== undefined && { platform }),
          changes,
          signal,
        });
        emit({ status: id });
      }),
    load: (archive, { quiet, signal }) =>
      lines(async (emit) => {
        await images.load(archive, {
          signal,
          onProgress: (line) => (quiet && line.stream === undefined ? undefined : emit(line)),
        });
      }),
    save: (references, signal) => images.save(references, signal),
    prune: (filters) => images.prune(filters),
    distribution: (reference, registryAuth, signal) =>
      images.distribution(reference, registryAuth === undefined ? { signal } : { auth: registryAuth, signal }),
  };
}
