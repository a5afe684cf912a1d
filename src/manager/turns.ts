/** Resolves in a later turn of the event loop, after what is waiting there had its turn. */
export type NextTurn = () => Promise<void>;

/** The event loop's own. Tests and the simulator pass theirs. */
export const nextTurn: NextTurn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** What a manager notes for operators; the daemon gives its logger. */
export interface ManagerLog {
  info(facts: Readonly<Record<string, unknown>>, event: string): void;
  warn(facts: Readonly<Record<string, unknown>>, event: string): void;
  error(facts: Readonly<Record<string, unknown>>, event: string): void;
}
