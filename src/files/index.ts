/**
 * Small files that must survive any crash: replaced whole, names made durable.
 * - After a crash there is the old content or the new, never a mixture, and never none where there was one.
 * - What a resolved call did is durable; a rejected one left the old content in place.
 */
export { replaceFile, syncDirectory } from './durable.ts';
