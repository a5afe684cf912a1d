/**
 * Hand-over of container, image, exec, volume and build endpoints to a Docker Engine.
 * - Clients see our API version whatever the engine's: requests, answers and raw streams are bridged between the two.
 * - What an engine is too old for is refused by name, never dropped; rules stand in tables by route and version.
 * - Nothing is held but options and the few answers whose fields differ: all else streams, with back-pressure.
 */
export { createDockerPassage } from './passage.ts';
export { type HandedRoute, handedRoutes, isHandedOver } from './routes.ts';
export { defaultProbing, type Probing } from './while-alive.ts';
