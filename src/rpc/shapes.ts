import { taskStateOrder } from '../model/index.ts';
import { bool, count, filledText, integer, list, object, oneOf, plainObject, type Shape, text } from './shape.ts';

/** Shapes of the messages, kind by kind. A new message: see docs/checklists/new-message.md. */

const fence = object({ epoch: count, term: count, index: count });

const taskState = oneOf(...Object.keys(taskStateOrder));
const desiredState = oneOf('ready', 'running', 'complete', 'shutdown', 'remove');

const taskStatus = object(
  { Timestamp: filledText, State: taskState, Message: text },
  {
    Err: text,
    ContainerStatus: object({ ContainerID: text }, { PID: integer, ExitCode: integer }),
    PortStatus: plainObject,
  },
);

const assignedTask = object(
  {
    ID: filledText,
    ServiceID: text,
    Slot: count,
    NodeID: filledText,
    SpecVersion: count,
    DesiredState: desiredState,
    Status: taskStatus,
  },
  {
    NetworksAttachments: list(object({ Network: filledText, Addresses: list(text) })),
    GenericResources: list(plainObject),
  },
);

const template = object(
  { ServiceID: text, SpecVersion: count, ServiceName: text, Spec: plainObject, Internal: object({ Revision: count }) },
  { ServiceLabels: plainObject, EndpointSpec: plainObject, Credentials: object({ RegistryAuth: text }) },
);

const assignments = object(
  {
    kind: oneOf('complete', 'incremental'),
    fence,
    tasks: list(assignedTask),
    removedTasks: list(filledText),
    templates: list(template),
    removedTemplates: list(filledText),
  },
  { appliesTo: fence },
);

export const agentMessageShapes: Readonly<Record<string, Shape>> = {
  openSession: object(
    { version: oneOf(1), nodeId: filledText, description: plainObject, bootId: filledText },
    { holds: fence },
  ),
  heartbeat: object({ sessionId: filledText }),
  description: object({ sessionId: filledText, description: plainObject }),
  applied: object({ sessionId: filledText, fence }),
  needComplete: object({ sessionId: filledText }),
  statuses: object({
    sessionId: filledText,
    batch: count,
    statuses: list(object({ taskId: filledText, status: taskStatus })),
  }),
};

export const managerMessageShapes: Readonly<Record<string, Shape>> = {
  session: object({ version: oneOf(1), sessionId: filledText, heartbeatPeriodMs: count }),
  heartbeatAck: object({ heartbeatPeriodMs: count }),
  assignments: object({ assignments }),
  statusesAck: object({ batch: count }),
  sessionEnded: object({ reason: text, removed: bool }),
};
