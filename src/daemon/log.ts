import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Structured lines on standard error, one event each; the journal or a file keeps them. Never keys, tokens or credentials. */
export function createLog(level: string): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['*.privateKey', '*.dataKey', '*.RegistryAuth'],
  };
  return pino(options, pino.destination({ fd: 2, sync: true }));
}
