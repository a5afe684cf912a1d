/** Lines that wait for a client that reads slowly. Beyond it, updates of a bar are left out; the next one says more anyway. */
const MAX_WAITING_LINES = 1024;

/** The lines that some work tells of as it goes, as they come; ends or fails with the work. */
export async function* lines<T extends { readonly progressDetail?: object }>(
  work: (emit: (line: T) => void) => Promise<void>,
): AsyncGenerator<T> {
  const waiting: T[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const emit = (line: T): void => {
    if (waiting.length >= MAX_WAITING_LINES && line.progressDetail !== undefined) return;
    waiting.push(line);
    wake();
  };
  const done = work(emit).finally(() => {
    ended = true;
    wake();
  });
  // Whoever stops reading early leaves the work to its own signal; its failure is told where it is awaited below, or to nobody.
  done.catch(() => undefined);
  for (;;) {
    const line = waiting.shift();
    if (line !== undefined) yield line;
    else if (ended) return await done;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}
