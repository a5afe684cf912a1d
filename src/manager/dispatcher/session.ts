import type { NodeDescription, NodeId, TaskId, TaskTemplate } from '../../model/index.ts';
import type { AssignedTask, Assignments, Fence, ManagerConnection, ManagerMessage } from '../../rpc/index.ts';
import { templateKey, type View } from '../../store/index.ts';
import { assignedTask, isSameAssignment, toAssigned } from './assigned-task.ts';

/** Tasks of one increment; more go in several, the last of which carries the new fence. Keeps a message near 1 MB, so that heartbeats pass between. */
export const MAX_INCREMENT_TASKS = 1_000;

export interface SessionOptions {
  readonly id: string;
  readonly nodeId: NodeId;
  readonly connection: ManagerConnection;
  readonly description: NodeDescription;
  /** The address that the connection comes from, without port. */
  readonly address: string | undefined;
}

/** One agent's session: what it was sent, and what it said. Sends only what changed since. */
export class Session {
  readonly id: string;
  readonly nodeId: NodeId;
  readonly address: string | undefined;
  /** As the agent described its machine last. */
  description: NodeDescription;
  /** The newest assignments that the agent says it has applied. */
  applied: Fence | undefined;
  isEnded = false;
  readonly #connection: ManagerConnection;
  readonly #sent = new Map<TaskId, AssignedTask>();
  readonly #templates = new Map<string, { template: TaskTemplate; tasks: number }>();
  #dirtyTasks = new Set<TaskId>();
  #needsTemplates = false;
  /** Of the last assignments sent; the next increment builds on it. */
  #fence: Fence | undefined;

  constructor({ id, nodeId, connection, description, address }: SessionOptions) {
    this.id = id;
    this.nodeId = nodeId;
    this.description = description;
    this.address = address;
    this.#connection = connection;
  }

  send(message: ManagerMessage): void {
    if (!this.isEnded) this.#connection.send(message);
  }

  end(reason: string, removed: boolean): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#connection.send({ kind: 'sessionEnded', reason, removed });
    this.#connection.close(reason);
  }

  /** The agent went away. */
  noteClosed(): void {
    this.isEnded = true;
  }

  noteTask(taskId: TaskId): void {
    this.#dirtyTasks.add(taskId);
  }

  /** A template's row changed. True when this agent holds it. */
  noteTemplate(key: string): boolean {
    if (!this.#templates.has(key)) return false;
    this.#needsTemplates = true;
    return true;
  }

  /** Everything that the node should run, whatever was sent before. */
  sendComplete(view: View, fence: Fence): void {
    this.#sent.clear();
    this.#templates.clear();
    this.#dirtyTasks.clear();
    this.#needsTemplates = false;
    const tasks: AssignedTask[] = [];
    for (const task of view.tasksOfNode(this.nodeId)) {
      const assigned = toAssigned(task, this.nodeId);
      if (assigned !== undefined) tasks.push(assigned);
    }
    const templates: TaskTemplate[] = [];
    for (const task of tasks) this.#keep(view, task, templates);
    this.#fence = fence;
    const assignments: Assignments = {
      kind: 'complete',
      fence,
      tasks,
      removedTasks: [],
      templates,
      removedTemplates: [],
    };
    this.send({ kind: 'assignments', assignments });
  }

  /** What changed of the noted tasks since they were sent; nothing when only their statuses did. */
  sendChanges(view: View, fence: Fence): void {
    if (this.isEnded || this.#fence === undefined) return;
    const tasks: AssignedTask[] = [];
    const removedTasks: TaskId[] = [];
    const templates: TaskTemplate[] = [];
    const dropped: AssignedTask[] = [];
    const dirty = this.#dirtyTasks;
    this.#dirtyTasks = new Set();
    for (const id of dirty) {
      const before = this.#sent.get(id);
      const after = assignedTask(view, this.nodeId, id);
      if (before !== undefined && after !== undefined && isSameAssignment(before, after)) continue;
      if (after !== undefined) {
        tasks.push(after);
        this.#keep(view, after, templates);
      } else if (before !== undefined) {
        removedTasks.push(id);
        this.#sent.delete(id);
      }
      if (before !== undefined) dropped.push(before);
    }
    // After the new ones are counted, so that a template that is still named is not withdrawn.
    const removedTemplates = dropped.flatMap((task) => this.#release(task));
    if (this.#needsTemplates) this.#refreshTemplates(view, templates);
    if (tasks.length + removedTasks.length + templates.length + removedTemplates.length === 0) return;
    this.#sendIncrements({ tasks, removedTasks, templates, removedTemplates }, fence);
  }

  #sendIncrements(changes: Omit<Assignments, 'kind' | 'fence' | 'appliesTo'>, fence: Fence): void {
    const appliesTo = this.#fence;
    if (appliesTo === undefined) return;
    for (let from = 0; from === 0 || from < changes.tasks.length; from += MAX_INCREMENT_TASKS) {
      const rest = from === 0 ? changes : { removedTasks: [], templates: [], removedTemplates: [] };
      const isLast = from + MAX_INCREMENT_TASKS >= changes.tasks.length;
      const assignments: Assignments = {
        ...rest,
        kind: 'incremental',
        // All but the last leave the agent where it is: who has only some of a change has not got there yet.
        fence: isLast ? fence : appliesTo,
        appliesTo,
        tasks: changes.tasks.slice(from, from + MAX_INCREMENT_TASKS),
      };
      this.send({ kind: 'assignments', assignments });
    }
    this.#fence = fence;
  }

  #keep(view: View, task: AssignedTask, templates: TaskTemplate[]): void {
    this.#sent.set(task.ID, task);
    const key = templateKey(task.ServiceID, task.SpecVersion);
    const held = this.#templates.get(key);
    if (held !== undefined) {
      held.tasks++;
      return;
    }
    const template = view.template(task.ServiceID, task.SpecVersion);
    if (template === undefined) return;
    this.#templates.set(key, { template, tasks: 1 });
    templates.push(template);
  }

  /** The key of the task's template when no task that the agent holds names it any more. */
  #release(task: AssignedTask): readonly string[] {
    const key = templateKey(task.ServiceID, task.SpecVersion);
    const held = this.#templates.get(key);
    if (held === undefined) return [];
    held.tasks--;
    if (held.tasks > 0) return [];
    this.#templates.delete(key);
    return [key];
  }

  #refreshTemplates(view: View, templates: TaskTemplate[]): void {
    this.#needsTemplates = false;
    for (const [key, held] of this.#templates) {
      const template = view.get('template', key);
      if (template === undefined || template === held.template) continue;
      held.template = template;
      templates.push(template);
    }
  }
}
