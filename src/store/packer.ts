import { Packr } from 'msgpackr';

/**
 * Model objects and their internal part: their field names are few and repeat. Told by values that no map of the users' (labels,
 * options: texts only) can have, so that those are never taken for one.
 */
function isModelObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('Internal' in value) return typeof value.Internal === 'object';
  return 'Revision' in value && typeof value.Revision === 'number';
}

/**
 * Each `pack` stands for itself: field names of model objects are written once and then referred to. Integers keep their JavaScript
 * type: a number comes back as a number, a bigint as a bigint.
 */
export const packer = new Packr({
  useRecords: isModelObject,
  mapsAsObjects: true,
  encodeUndefinedAsNil: false,
  copyBuffers: true,
});
