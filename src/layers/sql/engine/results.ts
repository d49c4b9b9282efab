// The result codes of SQLite, which are part of its interface: their numbers and names.

/** The primary codes from 0. */
const primary =
  `OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL
  CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB
  NOTICE WARNING`.split(/\s+/);

/** The extended codes of each primary one, from 1; a dash is a number that no code has. */
const extended: Readonly<Record<string, string>> = {
  OK: 'LOAD_PERMANENTLY SYMLINK',
  ERROR: 'MISSING_COLLSEQ RETRY SNAPSHOT',
  ABORT: '- ROLLBACK',
  BUSY: 'RECOVERY SNAPSHOT TIMEOUT',
  LOCKED: 'SHAREDCACHE VTAB',
  READONLY: 'RECOVERY CANTLOCK ROLLBACK DBMOVED CANTINIT DIRECTORY',
  IOERR: `READ SHORT_READ WRITE FSYNC DIR_FSYNC TRUNCATE FSTAT UNLOCK RDLOCK DELETE BLOCKED NOMEM
    ACCESS CHECKRESERVEDLOCK LOCK CLOSE DIR_CLOSE SHMOPEN SHMSIZE SHMLOCK SHMMAP SEEK
    DELETE_NOENT MMAP GETTEMPPATH CONVPATH VNODE AUTH BEGIN_ATOMIC COMMIT_ATOMIC ROLLBACK_ATOMIC
    DATA CORRUPTFS`,
  CORRUPT: 'VTAB SEQUENCE INDEX',
  CANTOPEN: 'NOTEMPDIR ISDIR FULLPATH CONVPATH DIRTYWAL SYMLINK',
  CONSTRAINT: `CHECK COMMITHOOK FOREIGNKEY FUNCTION NOTNULL PRIMARYKEY TRIGGER UNIQUE VTAB ROWID
    PINNED DATATYPE`,
  AUTH: 'USER',
  NOTICE: 'RECOVER_WAL RECOVER_ROLLBACK RBU',
  WARNING: 'AUTOINDEX',
};

const names = new Map<number, string>();
for (const [number, name] of primary.entries()) {
  names.set(number, `SQLITE_${name}`);
  for (const [at, more] of (extended[name] ?? '').split(/\s+/).entries()) {
    if (more !== '' && more !== '-') names.set(number | ((at + 1) << 8), `SQLITE_${name}_${more}`);
  }
}

/** The number of each code by its name. */
export const resultNumbers: ReadonlyMap<string, number> = new Map(
  [...names].map(([number, name]) => [name, number]),
);

/** The name of a result code: that of its primary code if the extended one is unknown. */
export function resultName(number: number): string {
  return names.get(number) ?? names.get(number & 0xff) ?? 'SQLITE_ERROR';
}
