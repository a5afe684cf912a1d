/**
 * The cluster's own certificate authority, join tokens, and the file of what only a node may know.
 * - Certificates are Swarm's: ECDSA P-256, subject O=cluster OU=role CN=node, an hour of tolerance on both sides.
 * - Keys and tokens never appear in logs, argv or environment.
 */
export {
  createRoot,
  issueNodeCertificate,
  type KeyedCertificate,
  type NodeIdentity,
  rootDigest,
  trustInfo,
} from './authority.ts';
export { createJoinToken, parseJoinToken, sameToken } from './join-token.ts';
export { type NodeKeys, readKeyFile, writeKeyFile } from './key-file.ts';
