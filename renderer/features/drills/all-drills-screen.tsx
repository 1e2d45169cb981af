import { toggleSidebar, useSidebarShown } from '../../app/layout-store.ts';
import { IconButton } from '../../ui/button.tsx';
import { ReportScreen } from './report-screen.tsx';
import { ReportsPanel } from './reports-panel.tsx';
import styles from './drills-screen.module.css';

/** /drills and /drills/:id: the reports of all clusters, also of those that are gone. */
export function AllDrillsScreen({ id }: { id: string | null }) {
  const sidebarShown = useSidebarShown();
  return (
    <>
      <header className={styles.bar}>
        {!sidebarShown && <IconButton icon="sidebar" label="Show sidebar" onClick={toggleSidebar} />}
        {id === null ? <h1>Drill reports</h1> : <span>Drill reports</span>}
      </header>
      {id === null ? (
        <section className={styles.screen} aria-label="Drill reports">
          <ReportsPanel cluster={null} />
        </section>
      ) : (
        <ReportScreen key={id} id={id} cluster={null} />
      )}
    </>
  );
}
