/** How long each kind of call may take before the engine counts as hanging; all in ms. */
export interface Deadlines {
  /** Inspect, list, info, the beginning of logs and events: under a second even on an engine with thousands of containers. */
  readonly queryMs: number;
  /** Creating makes the root and copies an image's files into new volumes; on slow disks under load that has been seen to take a minute. */
  readonly createMs: number;
  /** An engine gives its runtime about two minutes to start a container. */
  readonly startMs: number;
  /** Beyond the grace: the engine sends SIGKILL and waits 10 s for the end, then tries once more. */
  readonly killMs: number;
  /** Removing kills first and then deletes what the container wrote, which may be a million files. */
  readonly removeMs: number;
  /** Until a pull says its first word: the engine asks the registry, with retries, before. What follows ends with the caller's signal. */
  readonly pullBeginMs: number;
}

export const defaultDeadlines: Deadlines = {
  queryMs: 30_000,
  createMs: 120_000,
  startMs: 150_000,
  killMs: 30_000,
  removeMs: 120_000,
  pullBeginMs: 120_000,
};
