import type { Cancel, Clock } from '../../base/index.ts';
import type { ContainerBehaviour } from '../simulated/index.ts';
import { SimulatedEngine } from '../simulated/index.ts';
import { engineSuite, PROGRAM_LABEL, type SuiteProgram } from './suite.ts';

/** The machine's time: the suite waits for containers that end. */
const machineClock: Clock = {
  now: () => Date.now(),
  after(delayMs: number, wake: () => void): Cancel {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
};

const behaviours: Readonly<Partial<Record<SuiteProgram, ContainerBehaviour>>> = {
  serves: { stopExitCode: 3 },
  fails: { exitAfterMs: 5, exitCode: 7 },
  succeeds: { exitAfterMs: 5 },
  ignoresStop: { ignoresStopSignal: true },
};

engineSuite({
  name: 'simulated',
  image: 'busybox:latest',
  lacks: ['logs', 'oom', 'ownSignal'],
  start: async () => {
    // Known by its label only: what it runs is no program.
    const behave = ({ Labels }: { readonly Labels?: Readonly<Record<string, string>> }) =>
      behaviours[Labels?.[PROGRAM_LABEL] as SuiteProgram] ?? {};
    const engine = new SimulatedEngine({ clock: machineClock, behave });
    engine.addImage('busybox:latest');
    return { engine, reopen: async () => engine, end: () => engine.close() };
  },
});
