import { Refusal } from '../../../base/index.ts';

/** Linux signal numbers (x86 and ARM). */
const numbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
  RTMIN: 34,
  RTMAX: 64,
};
const MAX_SIGNAL = 64;

/** A signal by name (with or without `SIG`, also `RTMIN+3`) or number; `''` is `SIGTERM`. */
export function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (name === '') return 15;
  const realTime = /^RT(MIN\+|MAX-)(\d+)$/.exec(name);
  const number = /^\d+$/.test(name)
    ? Number(name)
    : realTime
      ? realTime[1] === 'MIN+'
        ? 34 + Number(realTime[2])
        : 64 - Number(realTime[2])
      : numbers[name];
  if (number === undefined || number < 1 || number > MAX_SIGNAL)
    throw new Refusal('container-signal-invalid', { signal: text });
  return number;
}
