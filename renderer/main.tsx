import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './ui/tokens.css';
import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { connect } from './api/connect.ts';
import { App } from './app/app.tsx';
import { adoptNonce } from './app/csp.ts';
import { startSettings } from './app/settings.ts';
import { startTheme } from './app/theme.ts';

adoptNonce();
startTheme();
startSettings();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <App api={connect()} />
  </StrictMode>,
);
