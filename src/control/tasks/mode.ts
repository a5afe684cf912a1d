import { type Service, serviceModeKind } from '../../model/index.ts';

export function isReplicated(service: Service): boolean {
  return serviceModeKind(service.Spec) === 'replicated';
}

export function isGlobal(service: Service): boolean {
  return serviceModeKind(service.Spec) === 'global';
}
