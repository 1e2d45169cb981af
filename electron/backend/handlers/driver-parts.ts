import type {
  ClusterDriver,
  EtcdControls,
  FaultControls,
  LeaderControls,
  LoadControls,
  ProcessControls,
  RemoteControls,
} from '../clusters/driver.ts';
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
    leaders: (name: string): LeaderControls => {
      const driver = registry.get(name);
      if (driver.leaders !== null) return driver.leaders;
      throw new BackendError('refused', `The nodes of ${name} take no orders about who leads a partition.`);
    },
    remote: (name: string): RemoteControls => {
      const driver = registry.get(name);
      if (driver.remote !== null) return driver.remote;
      throw new BackendError('refused', `${name} runs on this computer, so there is no connection to renew.`);
    },
    etcd: (name: string): EtcdControls => {
      const driver = registry.get(name);
      if (driver.etcd !== null) return driver.etcd;
      throw new BackendError('refused', `${name} is no etcd cluster, and only etcd can do that.`);
    },
    load: (name: string): LoadControls => {
      const driver = registry.get(name);
      return need(driver.load, driver, 'no load is run against it');
    },
  };
}
