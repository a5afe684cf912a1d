import { type Instant, unreachable } from '../../../base/index.ts';
import type { ExitRecord } from '../runtime/exit-directory.ts';
import { timestampOf, timestampOfNs } from '../spec/time.ts';
import type { ContainerPhase, ContainerRecord, ExitedPhase, RunningPhase } from './record.ts';

/** Exit code when the true one is lost, as Docker reports it. */
export const LOST_EXIT_CODE = 255;

/** What a daemon that starts finds of a container that its journal knows. */
export interface Findings {
  readonly isSameBoot: boolean;
  readonly isMonitorAlive: boolean;
  readonly exit: ExitRecord | undefined;
  readonly oomKilled: boolean;
  /** What runc says, asked only for containers that were starting. */
  readonly runc: { readonly status: string; readonly pid: number } | undefined;
  /** The monitor's identity as its file has it, if it lives. */
  readonly monitor: RunningPhase['monitor'];
  readonly now: Instant;
  readonly bootedAtMs: Instant;
}

/** `clean`: end monitor, processes and cgroup of it that may be left, before the phase is written. */
export type Recovery =
  | { readonly kind: 'discard' }
  | { readonly kind: 'keep'; readonly phase: ContainerPhase }
  | { readonly kind: 'become'; readonly phase: ContainerPhase; readonly clean: boolean };

function ended(startedAt: string, findings: Findings, exit: ExitRecord): ExitedPhase {
  return {
    kind: 'exited',
    startedAt,
    finishedAt: timestampOfNs(exit.atNs),
    exitCode: exit.code,
    oomKilled: findings.oomKilled,
  };
}

function recoverStarting(
  phase: ContainerPhase & { readonly kind: 'starting' },
  findings: Findings,
  bootId: string,
): Recovery {
  const startedAt = phase.at;
  if (findings.exit !== undefined)
    return { kind: 'become', clean: true, phase: ended(startedAt, findings, findings.exit) };
  if (findings.isSameBoot && findings.monitor !== undefined && findings.runc?.status === 'running') {
    const { monitor, runc } = findings;
    return { kind: 'become', clean: false, phase: { kind: 'running', startedAt, bootId, pid: runc.pid, monitor } };
  }
  // Nobody was told that it runs: it is as if it had not been started.
  return { kind: 'become', clean: true, phase: { kind: 'created' } };
}

function recoverRunning(phase: RunningPhase, findings: Findings): Recovery {
  if (findings.exit !== undefined)
    return { kind: 'become', clean: true, phase: ended(phase.startedAt, findings, findings.exit) };
  if (findings.isSameBoot && findings.isMonitorAlive) return { kind: 'keep', phase };
  const lost: ExitedPhase = {
    kind: 'exited',
    startedAt: phase.startedAt,
    finishedAt: timestampOf(findings.isSameBoot ? findings.now : Math.min(findings.now, findings.bootedAtMs)),
    exitCode: LOST_EXIT_CODE,
    oomKilled: false,
    error: findings.isSameBoot ? MONITOR_LOST : 'the machine was restarted while the container ran',
  };
  return { kind: 'become', clean: true, phase: lost };
}

export const MONITOR_LOST = "the container's monitor was killed; its exit code is not known";

/**
 * What becomes of a container when the daemon starts, from what the journal says and what is there. Total: every state that a
 * crash at any moment can leave has an answer, and deciding twice gives the same.
 */
export function decideRecovery(record: ContainerRecord, findings: Findings, bootId: string): Recovery {
  const phase = record.state;
  switch (phase.kind) {
    case 'creating':
    case 'removing':
      return { kind: 'discard' };
    case 'created':
    case 'exited':
      return { kind: 'keep', phase };
    case 'starting':
      return recoverStarting(phase, findings, bootId);
    case 'running':
      return recoverRunning(phase, findings);
    default:
      return unreachable(phase);
  }
}
