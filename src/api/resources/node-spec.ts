import { Refusal } from '../../base/index.ts';
import type { Node, NodeSpec } from '../../model/index.ts';
import { acceptNodeSpec } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';

/**
 * What an update of a node's spec writes. `version` is the client's: the store refuses it when it is not the node's. Swarm resets
 * the membership to `pending` on every update through its API; kept, since filters show it (behaviour reference 1.5).
 */
export function nodeUpdate(view: View, node: Node, sent: NodeSpec, version: number): Transaction {
  const spec = acceptNodeSpec(sent);
  if (version !== node.Version.Index) throw new Refusal('update-out-of-sequence');
  if (node.Spec.Role === 'manager' && spec.Role === 'worker') refuseDemotion(view, node);
  const Internal = { ...node.Internal, Membership: 'pending' as const };
  return {
    preconditions: [
      { kind: 'version', table: 'node', id: node.ID, index: version },
      { kind: 'revision', table: 'node', id: node.ID, revision: node.Internal.Revision },
    ],
    changes: [{ kind: 'put', table: 'node', object: { ...node, Spec: spec, Internal }, newVersion: true }],
  };
}

function refuseDemotion(view: View, node: Node): void {
  for (const other of view.list('node')) {
    if (other.ID !== node.ID && other.Spec.Role === 'manager') return;
  }
  throw new Refusal('node-demote-last-manager');
}
