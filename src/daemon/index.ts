/**
 * The composition root: reads the configuration, wires the rooms together, starts and stops them, answers signals.
 * Holds no decision of its own about services, tasks or nodes.
 */
export { CONFIGURATION_FILE, type Configuration, readConfiguration } from './configuration.ts';
export { examine, type Finding } from './doctor/checks.ts';
export { formatFindings } from './doctor/report.ts';
export { type RunOptions, runDaemon } from './run.ts';
