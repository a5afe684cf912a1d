import { Refusal } from '../../base/index.ts';
import type { ContainerSpec, Mount } from './container-spec.ts';
import type { ServiceSpec, TaskSpec, UpdateConfig } from './service-spec.ts';

/** API version that brought mounts of cluster volumes. */
const CLUSTER_MOUNTS_MINOR = 42;

/**
 * What Docker's engine refuses while it converts a service's spec, before the store's API looks at it; in its order, plain texts
 * without gRPC prefix.
 */
export function checkConversion(spec: ServiceSpec, apiMinor: number): void {
  const task = spec.TaskTemplate ?? {};
  checkRuntime(spec, task, apiMinor);
  checkWord(task.RestartPolicy?.Condition, ['any', 'none', 'on-failure'], 'restart-condition-invalid');
  checkRollout(spec.UpdateConfig);
  checkRollout(spec.RollbackConfig);
  checkWord(spec.EndpointSpec?.Mode, ['vip', 'dnsrr'], 'resolution-mode-invalid');
  const { Replicated, Global, ReplicatedJob, GlobalJob } = spec.Mode ?? {};
  const modes = [Replicated, Global, ReplicatedJob, GlobalJob].filter((mode) => mode !== undefined);
  if (modes.length > 1) throw new Refusal('service-modes');
}

function checkRuntime(spec: ServiceSpec, task: TaskSpec, apiMinor: number): void {
  const runtime: string = task.Runtime ?? '';
  if (runtime === '' || runtime === 'container') {
    if (task.ContainerSpec === undefined) throw new Refusal('runtime-mismatch');
    checkContainer(task.ContainerSpec, apiMinor);
    return;
  }
  if (runtime !== 'plugin') throw new Refusal('runtime-unsupported');
  if (task.PluginSpec === undefined) throw new Refusal('runtime-mismatch');
  if (spec.Mode?.Replicated !== undefined) throw new Refusal('plugin-mode');
  throw new Refusal('plugin-experimental');
}

function checkContainer(container: ContainerSpec, apiMinor: number): void {
  const { CredentialSpec, Seccomp, AppArmor } = container.Privileges ?? {};
  if (CredentialSpec !== undefined) {
    const { Config = '', File = '', Registry = '' } = CredentialSpec;
    const why = credentialProblem(Config, File, Registry);
    if (why !== undefined) throw new Refusal('credential-spec-invalid', { why });
  }
  checkWord(Seccomp?.Mode, ['default', 'unconfined', 'custom'], 'seccomp-mode-invalid');
  checkWord(AppArmor?.Mode, ['default', 'disabled'], 'apparmor-mode-invalid');
  for (const { File, Runtime } of container.Configs ?? []) {
    if (File === undefined && Runtime === undefined) {
      throw new Refusal('config-reference-invalid', { why: 'either File or Runtime should be set' });
    }
    if (File !== undefined && Runtime !== undefined) {
      throw new Refusal('config-reference-invalid', { why: 'cannot specify both File and Runtime' });
    }
  }
  for (const mount of container.Mounts ?? []) checkMount(mount, apiMinor);
}

function credentialProblem(config: string, file: string, registry: string): string | undefined {
  if (config !== '' && file !== '') return 'cannot specify both "config" and "file" credential specs';
  if (config !== '' && registry !== '') return 'cannot specify both "config" and "registry" credential specs';
  if (file !== '' && registry !== '') return 'cannot specify both "file" and "registry" credential specs';
  if (config + file + registry !== '') return undefined;
  return 'must either provide "file", "registry", or "config" for credential spec';
}

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

function checkMount(mount: Mount, apiMinor: number): void {
  const types = ['bind', 'volume', 'tmpfs', 'npipe', ...(apiMinor >= CLUSTER_MOUNTS_MINOR ? ['cluster'] : [])];
  const type: string = mount.Type ?? '';
  if (type !== '' && !types.includes(type.toLowerCase())) throw new Refusal('mount-type-invalid', { value: type });
  const propagation: string = mount.BindOptions?.Propagation ?? '';
  if (propagation !== '' && !propagations.includes(propagation.toLowerCase())) {
    throw new Refusal('mount-propagation-invalid', { value: propagation });
  }
}

function checkRollout(config: UpdateConfig | undefined): void {
  checkWord(config?.FailureAction, ['pause', 'continue', 'rollback'], 'update-action-invalid');
  checkWord(config?.Order, ['stop-first', 'start-first'], 'update-order-invalid');
}

type WordCode =
  | 'restart-condition-invalid'
  | 'resolution-mode-invalid'
  | 'seccomp-mode-invalid'
  | 'apparmor-mode-invalid'
  | 'update-action-invalid'
  | 'update-order-invalid';

function checkWord(value: string | undefined, known: readonly string[], code: WordCode): void {
  if (value !== undefined && value !== '' && !known.includes(value)) throw new Refusal(code, { value });
}
