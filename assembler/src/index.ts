export * from './api';
export { assemble } from './assemble';
