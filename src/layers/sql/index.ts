// The entry `busbar/sql`: databases of SQLite, served to all members of a bus.
export type { BatchStep, Outcome } from './client/batch.js';
export {
  type ConnectDatabaseOptions,
  connectDatabase,
  Database,
  type DatabaseStatus,
} from './client/database.js';
export {
  type IntegerMode,
  type SqlColumn,
  SqlResult,
  type SqlRow,
  type SqlValue,
} from './client/result.js';
export { RowStream } from './client/rows.js';
export { type SqlCallOptions, type SqlDescription, SqlRunner } from './client/runner.js';
export {
  type SqlParameters,
  SqlStatement,
  type SqlTag,
  type StatementParameters,
  sql,
  type TemplateValue,
} from './client/sql.js';
export {
  SqlTransaction,
  type TransactionOptions,
  type TransactionWait,
} from './client/transaction.js';
export type { TableChange, TableChanges } from './client/watch.js';
export {
  DatabaseOpenError,
  MissingEngineError,
  ResultTooLargeError,
  SqlArgumentError,
  SqlError,
  SqliteError,
  StatementRefusedError,
  type TransactionHolder,
  TransactionOverError,
  TransactionWaitError,
} from './errors.js';
export { type DatabaseService, type ServeDatabaseOptions, serveDatabase } from './serve.js';
export { SqlService } from './service.js';
export { SmpiService } from './smpi/interface.js';
export { type ServeSmpiOptions, type SmpiServer, serveSmpi } from './smpi/serve-smpi.js';
export type { SqlInput } from './values.js';
