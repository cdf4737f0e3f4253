// Tests run from the build folder; a test file may itself start worker threads and hosts, so it gets a process of its own.
export default {
  files: ['build/**/*.test.js'],
  workerThreads: false,
  timeout: '3m',
  concurrency: 2,
};
