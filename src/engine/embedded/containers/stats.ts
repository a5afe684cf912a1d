import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../../base/index.ts';
import type { EngineContext } from '../context.ts';
import { readIfThere } from '../host/process.ts';
import { readCounters } from '../runtime/cgroups.ts';
import { NO_TIME, timestampOf } from '../spec/time.ts';
import type { Container } from './container.ts';

type Counters = Readonly<Record<string, unknown>>;

async function number(path: string): Promise<number> {
  const text = (await readFile(path, 'utf8')).trim();
  return text === 'max' ? 0 : Number(text);
}

async function memoryStats(context: EngineContext, id: string): Promise<Counters> {
  const directory = context.cgroups.directory(id, 'memory') ?? '';
  const names =
    context.host.cgroupVersion === 1
      ? { usage: 'memory.usage_in_bytes', limit: 'memory.limit_in_bytes' }
      : { usage: 'memory.current', limit: 'memory.max' };
  const [usage, limit, stats] = await Promise.all([
    number(join(directory, names.usage)),
    number(join(directory, names.limit)),
    readCounters(join(directory, 'memory.stat')),
  ]);
  const isUnlimited = limit === 0 || limit > context.host.memoryBytes;
  return { usage, limit: isUnlimited ? context.host.memoryBytes : limit, stats: Object.fromEntries(stats) };
}

/** Nanoseconds that the container's processes have had. */
async function cpuUsage(context: EngineContext, id: string): Promise<Counters> {
  if (context.host.cgroupVersion === 2) {
    const stat = await readCounters(join(context.cgroups.directory(id, 'cpu') ?? '', 'cpu.stat'));
    const ns = (name: string): number => (stat.get(name) ?? 0) * 1000;
    return {
      total_usage: ns('usage_usec'),
      usage_in_kernelmode: ns('system_usec'),
      usage_in_usermode: ns('user_usec'),
    };
  }
  const directory = context.cgroups.directory(id, 'cpuacct') ?? '';
  const [total, perCpu, user, kernel] = await Promise.all([
    number(join(directory, 'cpuacct.usage')),
    readFile(join(directory, 'cpuacct.usage_percpu'), 'utf8'),
    number(join(directory, 'cpuacct.usage_user')),
    number(join(directory, 'cpuacct.usage_sys')),
  ]);
  return {
    total_usage: total,
    percpu_usage: perCpu.trim().split(' ').map(Number),
    usage_in_usermode: user,
    usage_in_kernelmode: kernel,
  };
}

/** Nanoseconds that all of the machine's processors have had, busy or idle, from `/proc/stat` in ticks of 10 ms. */
async function systemUsage(): Promise<number> {
  const TICK_NS = 10_000_000;
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  return ticks.reduce((sum, value) => sum + value, 0) * TICK_NS;
}

async function pidsStats(context: EngineContext, id: string): Promise<Counters> {
  const directory = context.cgroups.directory(id, 'pids');
  if (directory === undefined) return {};
  const [current, limit] = await Promise.all([
    number(join(directory, 'pids.current')),
    number(join(directory, 'pids.max')),
  ]);
  return { current, limit };
}

/** Interfaces of the container's network namespace but for loopback. */
async function networkStats(pid: number): Promise<Readonly<Record<string, Counters>>> {
  const text = (await readIfThere(`/proc/${pid}/net/dev`)) ?? '';
  const interfaces: Record<string, Counters> = {};
  for (const line of text.split('\n').slice(2)) {
    const [name = '', rest = ''] = line.trim().split(/:\s*/);
    const values = rest.split(/\s+/).map(Number);
    if (name === '' || name === 'lo' || values.length < 12) continue;
    interfaces[name] = {
      rx_bytes: values[0],
      rx_packets: values[1],
      rx_errors: values[2],
      rx_dropped: values[3],
      tx_bytes: values[8],
      tx_packets: values[9],
      tx_errors: values[10],
      tx_dropped: values[11],
    };
  }
  return interfaces;
}

/** One sample, as `GET /containers/{id}/stats?stream=0&one-shot=1` has it. Refuses when the container does not run. */
export async function containerStats(context: EngineContext, container: Container): Promise<Counters> {
  const { id, name, state } = container.record;
  if (state.kind !== 'running') throw new Refusal('container-not-running', { id });
  const [memory, usage, system, pids, networks] = await Promise.all([
    memoryStats(context, id),
    cpuUsage(context, id),
    systemUsage(),
    pidsStats(context, id),
    networkStats(state.pid),
  ]);
  return {
    read: timestampOf(context.clock.now()),
    preread: NO_TIME,
    id,
    name: `/${name}`,
    num_procs: 0,
    pids_stats: pids,
    memory_stats: memory,
    cpu_stats: { cpu_usage: usage, system_cpu_usage: system, online_cpus: context.host.cpus, throttling_data: {} },
    precpu_stats: { cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 }, throttling_data: {} },
    blkio_stats: { io_service_bytes_recursive: null },
    storage_stats: {},
    networks,
  };
}
