import type { Client, Json } from './client.ts';

/** Does nothing until it is ended. */
export const command = ['sleep', '86400'];
/** The first process of a container ignores others until it has made itself a handler, which nothing announces. */
export const stopSignal = 'SIGKILL';
export const image = 'busybox:latest';

export interface ServiceOptions {
  readonly name: string;
  readonly replicas: number;
  readonly env?: readonly string[];
  readonly parallelism?: number;
  readonly restartDelayNs?: number;
}

/** A service of idle containers without networks. */
export function serviceSpec({ name, replicas, env = [], parallelism, restartDelayNs }: ServiceOptions): Json {
  return {
    Name: name,
    TaskTemplate: {
      ContainerSpec: { Image: image, Command: command, Env: env, StopSignal: stopSignal },
      RestartPolicy: { Condition: 'any', Delay: restartDelayNs ?? 0 },
    },
    Mode: { Replicated: { Replicas: replicas } },
    ...(parallelism !== undefined && {
      UpdateConfig: {
        Parallelism: parallelism,
        Delay: 0,
        Monitor: 1_000_000,
        FailureAction: 'continue',
        Order: 'stop-first',
      },
    }),
  };
}

interface TaskView {
  readonly ID: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly ContainerStatus?: { readonly ContainerID: string } };
  readonly Spec: { readonly ContainerSpec: { readonly Env?: readonly string[] } };
}

/** Services as a client makes, watches and removes them. */
export class Workload {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async tasks(service: string): Promise<readonly TaskView[]> {
    const filters = encodeURIComponent(JSON.stringify({ service: { [service]: true } }));
    return this.#client.call<TaskView[]>('GET', `/tasks?filters=${filters}`);
  }

  async running(service: string): Promise<readonly TaskView[]> {
    return (await this.tasks(service)).filter(
      (task) => task.Status.State === 'running' && task.DesiredState === 'running',
    );
  }

  async create(options: ServiceOptions): Promise<void> {
    await this.#client.call('POST', '/services/create', serviceSpec(options));
  }

  /** From the call to the moment at which a client sees all replicas Running. */
  async createAndWait(options: ServiceOptions): Promise<void> {
    await this.create(options);
    const what = `${options.replicas} replicas of ${options.name} run`;
    await this.#client.until(what, async () => (await this.running(options.name)).length === options.replicas);
  }

  /** From the call to the moment at which the containers are gone. */
  async removeAndWait(name: string): Promise<void> {
    const label = encodeURIComponent(JSON.stringify({ label: { [`com.docker.swarm.service.name=${name}`]: true } }));
    await this.#client.call('DELETE', `/services/${name}`);
    const gone = async () =>
      (await this.#client.call<Json[]>('GET', `/containers/json?all=1&filters=${label}`)).length === 0;
    await this.#client.until(`the containers of ${name} are gone`, gone);
  }

  /** From the update to the moment at which all replicas of the new spec run. */
  async rollAndWait(options: ServiceOptions): Promise<void> {
    const { Version } = await this.#client.call<{ Version: { Index: number } }>('GET', `/services/${options.name}`);
    await this.#client.call('POST', `/services/${options.name}/update?version=${Version.Index}`, serviceSpec(options));
    const wanted = options.env?.[0] ?? '';
    await this.#client.until(`${options.name} is rolled out`, async () => {
      const fresh = (await this.running(options.name)).filter((task) => task.Spec.ContainerSpec.Env?.includes(wanted));
      return fresh.length === options.replicas;
    });
  }

  /** From a container's death by signal to its replacement's Running. */
  async killAndWait(service: string): Promise<void> {
    const [victim] = await this.running(service);
    const container = victim?.Status.ContainerStatus?.ContainerID;
    if (victim === undefined || container === undefined) throw new Error(`no task of ${service} runs`);
    await this.#client.call('POST', `/containers/${container}/kill?signal=KILL`);
    await this.#client.until(`${service} has a replacement`, async () => {
      const now = await this.running(service);
      return now.length > 0 && now.every((task) => task.ID !== victim.ID);
    });
  }
}
