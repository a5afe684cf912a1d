/** Runs `work` for every item, at most `limit` at once; the first failure ends it after what runs has ended. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const waiting = items.entries();
  const results: R[] = [];
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (const [at, item] of waiting) {
      if (failure !== undefined) return;
      try {
        results[at] = await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure !== undefined) throw failure.error;
  return results;
}
