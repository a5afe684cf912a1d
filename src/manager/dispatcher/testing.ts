import { ManualClock, SeededRandom } from '../../base/index.ts';
import type { Node, NodeDescription, NodeId, Task } from '../../model/index.ts';
import { type AgentConnection, type AgentMessage, type ManagerMessage, memoryPair } from '../../rpc/index.ts';
import type { Store } from '../../store/index.ts';
import { type ClusterInput, cluster, put, write } from '../../store/testing.ts';
import { DirectProposer, MemoryLog, settle } from '../testing.ts';
import { nextTurn } from '../turns.ts';
import { Dispatcher, type Peer } from './dispatcher.ts';

/** For tests: a dispatcher on a store without a log, and agents that note what they hear. */

export const description: NodeDescription = { Hostname: 'alpha', Platform: { OS: 'linux', Architecture: 'x86_64' } };

/** An agent's end of a connection that notes what it hears. */
export class FakeAgent {
  readonly heard: ManagerMessage[] = [];
  closed: string | undefined;
  readonly #connection: AgentConnection;

  constructor(connection: AgentConnection) {
    this.#connection = connection;
    connection.onMessage((message) => this.heard.push(message));
    connection.onClose((reason) => {
      this.closed = reason;
    });
  }

  send(message: AgentMessage): void {
    this.#connection.send(message);
  }

  open(nodeId = 'node1', given = description): void {
    this.send({ kind: 'openSession', version: 1, nodeId: nodeId as NodeId, description: given, bootId: 'boot' });
  }

  get sessionId(): string {
    const session = this.heard.find((message) => message.kind === 'session');
    return session?.kind === 'session' ? session.sessionId : '';
  }

  /** What was heard since the last look, in short. */
  take(): string[] {
    return this.heard.splice(0).map((message) => {
      if (message.kind === 'sessionEnded') return `ended ${message.removed ? 'removed' : message.reason}`;
      if (message.kind === 'statusesAck') return `ack ${message.batch}`;
      if (message.kind !== 'assignments') return message.kind;
      const { kind, tasks, removedTasks, templates, removedTemplates } = message.assignments;
      const parts = [
        ...tasks.map(({ ID, DesiredState }) => `${ID}=${DesiredState}`),
        ...removedTasks.map((id) => `-${id}`),
        ...templates.map(({ ServiceID, Spec }) => `+${ServiceID}(${Spec.ContainerSpec?.Image ?? ''})`),
        ...removedTemplates.map((key) => `-${key}`),
      ];
      return `${kind} ${parts.join(' ')}`.trim();
    });
  }
}

export function setUp(input: ClusterInput = { nodes: 2, service: {} }) {
  const store = cluster(input);
  const clock = new ManualClock();
  const log = new MemoryLog();
  const proposer = new DirectProposer(store);
  const dispatcher = new Dispatcher({
    view: store,
    proposer,
    clock,
    random: new SeededRandom(1),
    storeNow: () => clock.now(),
    term: () => 7,
    nextTurn,
    log,
  });
  store.onCommit((commit) => dispatcher.noteCommit(commit));
  dispatcher.start();
  const connect = (peer?: Peer) => {
    const pair = memoryPair();
    dispatcher.accept(pair.manager, peer);
    return new FakeAgent(pair.agent);
  };
  /** An agent whose session is open and whose first assignments are heard. */
  const join = async (nodeId = 'node1') => {
    const agent = connect();
    agent.open(nodeId);
    await settle();
    const sessionId = agent.sessionId;
    agent.take();
    return Object.assign(agent, { joined: sessionId });
  };
  return { store, clock, log, proposer, dispatcher, connect, join };
}

export function node(store: Store, id = 'node1'): Node {
  const found = store.get('node', id);
  if (found === undefined) throw new Error('no node');
  return found;
}

export function change(store: Store, id: string, fields: Partial<Task>): void {
  const task = store.get('task', id);
  if (task === undefined) throw new Error('no task');
  write(store, [put('task', { ...task, ...fields })]);
}

export const onNode1: ClusterInput = {
  nodes: 2,
  service: { image: 'one' },
  tasks: [
    { id: 'a', node: 'node1', state: 'running' },
    { id: 'b', node: 'node1', state: 'assigned' },
    { id: 'c', node: 'node1', state: 'pending' },
    { id: 'd', node: 'node2', state: 'running' },
  ],
};
