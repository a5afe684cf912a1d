import { Refusal } from '../../base/index.ts';
import { addressBits } from '../network/address.ts';
import type { Node } from './node.ts';

/** One placement constraint: `key == value` or `key != value`. */
export interface Constraint {
  /** As written: label names are compared with case, the rest without. */
  readonly key: string;
  readonly isEqual: boolean;
  readonly value: string;
}

const keyForm = /^[a-z_][a-z0-9_.-]+$/i;
const valueForm = /^[a-z0-9:_\s.*()?+[\]\\^$|/-]+$/i;

/** Reads constraints as Swarm does (swarmkit manager/constraint); a malformed one is refused with Swarm's text. */
export function parseConstraints(expressions: readonly string[]): readonly Constraint[] {
  return expressions.map(parseConstraint);
}

function parseConstraint(expression: string): Constraint {
  // `==` is looked for first wherever it stands, so `a!=b==c` has the key `a!=b`.
  const operator = ['==', '!='].find((candidate) => expression.includes(candidate));
  if (operator === undefined) throw new Refusal('constraint-no-operator');
  const at = expression.indexOf(operator);
  const key = expression.slice(0, at).trim();
  const value = expression.slice(at + operator.length).trim();
  if (!keyForm.test(key)) throw new Refusal('constraint-key-invalid', { key });
  if (!valueForm.test(value)) throw new Refusal('constraint-value-invalid', { value });
  return { key, isEqual: operator === '==', value };
}

/** Whether a node satisfies all constraints. A key that nobody knows is satisfied by no node. */
export function matchesConstraints(constraints: readonly Constraint[], node: Node): boolean {
  return constraints.every((constraint) => matches(constraint, node));
}

const facts: Readonly<Record<string, (node: Node) => string>> = {
  'node.id': (node) => node.ID,
  'node.hostname': (node) => node.Description?.Hostname ?? '',
  'node.role': (node) => node.Internal.Role,
  'node.platform.os': (node) => node.Description?.Platform?.OS ?? '',
  'node.platform.arch': (node) => node.Description?.Platform?.Architecture ?? '',
};

const nodeLabel = 'node.labels.';
const engineLabel = 'engine.labels.';

function matches({ key, isEqual, value }: Constraint, node: Node): boolean {
  const lowered = key.toLowerCase();
  const fact = facts[lowered];
  if (fact !== undefined) return sameText(fact(node), value) === isEqual;
  if (lowered === 'node.ip') return matchesAddress(node.Status.Addr ?? '', value, isEqual);
  if (lowered.startsWith(nodeLabel) && key.length > nodeLabel.length) {
    return sameText(labelOf(node.Spec.Labels, key.slice(nodeLabel.length)), value) === isEqual;
  }
  if (lowered.startsWith(engineLabel) && key.length > engineLabel.length) {
    return sameText(labelOf(node.Description?.Engine?.Labels, key.slice(engineLabel.length)), value) === isEqual;
  }
  return false;
}

function labelOf(labels: Readonly<Record<string, string>> | undefined, name: string): string {
  return labels !== undefined && Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function matchesAddress(address: string, wanted: string, isEqual: boolean): boolean {
  const own = addressBits(address);
  const [base = '', length] = wanted.split('/');
  const other = addressBits(base);
  if (own === undefined || other === undefined) return false;
  if (length === undefined) return (own === other) === isEqual;
  if (!/^\d{1,3}$/.test(length) || Number(length) > other.length) return false;
  const isInside = own.length === other.length && own.slice(0, Number(length)) === other.slice(0, Number(length));
  return isInside === isEqual;
}
