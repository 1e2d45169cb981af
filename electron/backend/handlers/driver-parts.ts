import type { ClusterDriver, FaultControls, LoadControls, ProcessControls } from '../clusters/driver.ts';
import type { ClusterRegistry } from '../clusters/registry.ts';
import { BackendError } from '../errors.ts';

/** Parts of a driver by name, refused in words where the driver does not have them. */
export function driverParts(registry: ClusterRegistry) {
  const need = <T>(part: T | null, driver: ClusterDriver, what: string): T => {
    if (part !== null) return part;
    throw new BackendError('refused', `${driver.name} does not run on this computer, so ${what}.`);
  };
  return {
    driver: (name: string): ClusterDriver => registry.get(name),
    processes: (name: string): ProcessControls => {
      const driver = registry.get(name);
      return need(driver.processes, driver, 'its processes cannot be controlled from here');
    },
    faults: (name: string): FaultControls => {
      const driver = registry.get(name);
      return need(driver.faults, driver, 'its network cannot be cut from here');
    },
    load: (name: string): LoadControls => {
      const driver = registry.get(name);
      return need(driver.load, driver, 'no load is run against it');
    },
  };
}
