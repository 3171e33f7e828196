export { startBroker } from './index.js';
