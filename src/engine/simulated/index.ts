/**
 * An engine without containers, for tests of the agent and for the simulator: it lives on a Clock, takes the time that it is
 * told to take, and fails as it is told to fail.
 * - Containers outlive crashes of the agent and outages of the engine; a reboot ends them all.
 * - A call that was given up may still take effect, as with a real engine.
 */
export { type ContainerBehaviour, SimulatedContainer } from './container.ts';
export {
  type EngineCall,
  type EngineOperation,
  type EngineTimes,
  SimulatedEngine,
  type SimulatedEngineOptions,
} from './engine.ts';
