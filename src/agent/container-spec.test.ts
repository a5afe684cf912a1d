import { describe, expect, test } from 'vitest';
import type { ContainerSpec, NodeDescription, TaskTemplate } from '../model/index.ts';
import { NODE, task, template } from './agent-world.ts';
import { planContainer, stopGraceMs } from './container-spec.ts';

const node: NodeDescription = { Hostname: 'h1', Platform: { Architecture: 'x86_64', OS: 'linux' } };

function plan(spec: ContainerSpec, more: Partial<TaskTemplate['Spec']> = {}, slot = 1) {
  const labelled = { ...template(spec, more), ServiceLabels: { tier: 'front' } };
  return planContainer({ ...task('t1'), Slot: slot }, labelled, node);
}

describe('the container of a task', () => {
  test('is named by service, slot and task; by its node for a global service', () => {
    expect(plan({}).name).toBe('web.1.t1');
    expect(plan({}, {}, 0).name).toBe(`web.${NODE}.t1`);
  });

  test('says nothing that the spec does not say', () => {
    expect(plan({}).create).toEqual({
      Image: 'busybox:latest',
      Labels: {
        'com.docker.swarm.task': '',
        'com.docker.swarm.task.id': 't1',
        'com.docker.swarm.task.name': 'web.1.t1',
        'com.docker.swarm.node.id': NODE,
        'com.docker.swarm.service.id': 'service1',
        'com.docker.swarm.service.name': 'web',
      },
      HostConfig: {},
    });
  });

  test('takes over what the spec says', () => {
    const { create } = plan({
      Command: ['sh'],
      Args: ['-c', 'true'],
      Dir: '/srv',
      User: '1000',
      Groups: ['audio'],
      TTY: true,
      ReadOnly: true,
      Init: true,
      StopSignal: 'SIGQUIT',
      StopGracePeriod: 2_500_000_000,
      Hosts: ['10.0.0.1 db other', '10.0.0.2'],
      DNSConfig: { Nameservers: ['1.1.1.1'], Search: ['x'], Options: ['ndots:1'] },
      CapabilityAdd: ['CAP_NET_ADMIN'],
      Sysctls: { 'net.core.somaxconn': '9' },
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Labels: { 'com.docker.swarm.task.id': 'forged', mine: '1' },
      Privileges: {
        NoNewPrivileges: true,
        AppArmor: { Mode: 'disabled' },
        Seccomp: { Mode: 'custom', Profile: 'e30=' },
      },
    });
    expect(create).toMatchObject({
      Entrypoint: ['sh'],
      Cmd: ['-c', 'true'],
      WorkingDir: '/srv',
      User: '1000',
      Tty: true,
      StopSignal: 'SIGQUIT',
      StopTimeout: 2,
      Labels: { 'com.docker.swarm.task.id': 't1', mine: '1' },
    });
    expect(create.HostConfig).toEqual({
      GroupAdd: ['audio'],
      ReadonlyRootfs: true,
      Init: true,
      ExtraHosts: ['db:10.0.0.1'],
      Dns: ['1.1.1.1'],
      DnsSearch: ['x'],
      DnsOptions: ['ndots:1'],
      CapAdd: ['CAP_NET_ADMIN'],
      Sysctls: { 'net.core.somaxconn': '9' },
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      SecurityOpt: ['seccomp={}', 'apparmor=unconfined', 'no-new-privileges=true'],
    });
  });

  test('has limits, never reservations; swap counts on top of memory', () => {
    const Resources = {
      Limits: { NanoCPUs: 500_000_000, MemoryBytes: 1000, Pids: 5 },
      Reservations: { MemoryBytes: 900 },
      SwapBytes: 24,
    };
    expect(plan({}, { Resources }).create.HostConfig).toEqual({
      NanoCpus: 500_000_000,
      Memory: 1000,
      PidsLimit: 5,
      MemorySwap: 1024,
    });
    expect(plan({}, { Resources: { ...Resources, SwapBytes: -1 } }).create.HostConfig?.MemorySwap).toBe(-1);
  });

  test('joins a predefined network by its mode, and logs as the spec says', () => {
    const { HostConfig } = plan(
      {},
      { Networks: [{ Target: 'host' }], LogDriver: { Name: 'local', Options: { 'max-file': '2' } } },
    ).create;
    expect(HostConfig).toEqual({ NetworkMode: 'host', LogConfig: { Type: 'local', Config: { 'max-file': '2' } } });
  });

  test('what is not built yet is refused by name', () => {
    expect(() => plan({ Secrets: [{ SecretName: 's' }] })).toThrow('ContainerSpec.Secrets is not implemented yet');
    expect(() => plan({ Configs: [{ ConfigName: 'c' }] })).toThrow('ContainerSpec.Configs is not implemented yet');
    expect(() => plan({}, { Runtime: 'plugin' })).toThrow('plugin');
  });
});

describe('templates', () => {
  test('are expanded in values of the environment, hostname and mounts, and nowhere else', () => {
    const { create } = plan({
      Env: ['A={{.Node.Hostname}}-{{.Task.Slot}}', '{{.Node.ID}}=x', 'B={{index .Service.Labels "tier"}}', 'C'],
      Hostname: '{{.Service.Name}}-{{.Task.ID}}',
      Args: ['{{.Task.ID}}'],
      Mounts: [
        {
          Type: 'volume',
          Source: 'data-{{.Task.Slot}}',
          Target: '/d/{{.Service.ID}}',
          VolumeOptions: { Labels: { a: '{{.Task.Name}}' } },
        },
      ],
    });
    expect(create.Env).toEqual(['A=h1-1', '{{.Node.ID}}=x', 'B=front', 'C']);
    expect([create.Hostname, create.Cmd]).toEqual(['web-t1', ['{{.Task.ID}}']]);
    expect(create.HostConfig?.Mounts).toEqual([
      { Type: 'volume', Source: 'data-1', Target: '/d/service1', VolumeOptions: { Labels: { a: 'web.1.t1' } } },
    ]);
  });

  test.each([
    '{{.Nope}}',
    '{{.Service.Labels.absent}}',
    '{{range .Task}}{{end}}',
    '{{.Service.constructor}}',
  ])('%s is refused by name', (text) => {
    expect(() => plan({ Env: [`A=${text}`] })).toThrow(/expanding env/);
  });

  test('the slot of a global task is its node', () => {
    expect(plan({ Hostname: '{{.Task.Slot}}' }, {}, 0).create.Hostname).toBe(NODE);
  });
});

test('the grace period counts whole seconds, 10 by default', () => {
  expect(stopGraceMs(template())).toBe(10_000);
  expect(stopGraceMs(undefined)).toBe(10_000);
  expect(stopGraceMs(template({ StopGracePeriod: 1_999_999_999 }))).toBe(1000);
  expect(stopGraceMs(template({ StopGracePeriod: 0 }))).toBe(0);
});
