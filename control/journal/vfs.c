/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/sql.h"

#include <errno.h>
#include <stddef.h>

#include <sqlite3.h>

#include "journal/disk.h"

/* The system's own file lies behind it. */
struct layered_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static struct layered_file *of(sqlite3_file *base)
{
	return (struct layered_file *)base;
}

#define REAL(base)	      (of(base)->real)
#define CALL(base, name, ...) REAL(base)->pMethods->name(REAL(base), ##__VA_ARGS__)

static int close_file(sqlite3_file *base)
{
	journal_disk_forget(REAL(base));
	return CALL(base, xClose);
}

static int read_file(sqlite3_file *base, void *bytes, int nr, sqlite3_int64 at)
{
	return CALL(base, xRead, bytes, nr, at);
}

static int write_file(sqlite3_file *base, const void *bytes, int nr, sqlite3_int64 at)
{
	journal_disk_wrote((uint64_t)nr);
	return CALL(base, xWrite, bytes, nr, at);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 bytes)
{
	return CALL(base, xTruncate, bytes);
}

/* On the thread of the disk. */
static int sync_real(void *file, int flags)
{
	sqlite3_file *real = file;

	return real->pMethods->xSync(real, flags) == SQLITE_OK ? 0 : -EIO;
}

static int sync_file(sqlite3_file *base, int flags)
{
	int result = journal_disk_sync_by(sync_real, REAL(base), flags);

	return result == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_bytes)
{
	return CALL(base, xFileSize, ret_bytes);
}

static int lock_file(sqlite3_file *base, int level)
{
	return CALL(base, xLock, level);
}

static int unlock_file(sqlite3_file *base, int level)
{
	return CALL(base, xUnlock, level);
}

static int check_lock(sqlite3_file *base, int *ret_reserved)
{
	return CALL(base, xCheckReservedLock, ret_reserved);
}

static int control_file(sqlite3_file *base, int what, void *context)
{
	return CALL(base, xFileControl, what, context);
}

static int sector_size(sqlite3_file *base)
{
	return CALL(base, xSectorSize);
}

static int characteristics(sqlite3_file *base)
{
	return CALL(base, xDeviceCharacteristics);
}

static int map_shm(sqlite3_file *base, int region, int bytes, int extend, void volatile **ret_at)
{
	return CALL(base, xShmMap, region, bytes, extend, ret_at);
}

static int lock_shm(sqlite3_file *base, int offset, int nr, int flags)
{
	return CALL(base, xShmLock, offset, nr, flags);
}

static void order_shm(sqlite3_file *base)
{
	CALL(base, xShmBarrier);
}

static int unmap_shm(sqlite3_file *base, int delete)
{
	return CALL(base, xShmUnmap, delete);
}

static int fetch(sqlite3_file *base, sqlite3_int64 at, int nr, void **ret_at)
{
	return CALL(base, xFetch, at, nr, ret_at);
}

static int unfetch(sqlite3_file *base, sqlite3_int64 at, void *from)
{
	return CALL(base, xUnfetch, at, from);
}

static const sqlite3_io_methods methods = {
	.iVersion = 3,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_shm,
	.xShmLock = lock_shm,
	.xShmBarrier = order_shm,
	.xShmUnmap = unmap_shm,
	.xFetch = fetch,
	.xUnfetch = unfetch,
};

static sqlite3_vfs *system_vfs;

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
		     int *ret_flags)
{
	struct layered_file *file = of(base);
	int code;

	file->real = (sqlite3_file *)(file + 1);
	code = system_vfs->xOpen(system_vfs, path, file->real, flags, ret_flags);
	base->pMethods = file->real->pMethods ? &methods : NULL;
	return code;
}

const char *journal_vfs_name(void)
{
	static sqlite3_vfs vfs;

	if (vfs.zName)
		return vfs.zName;
	/* Before all else of SQLite: nobody asks it how much memory it has, at a lock each time. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	system_vfs = sqlite3_vfs_find(NULL);
	if (!system_vfs)
		return NULL;
	vfs = *system_vfs; /* of which only opening looks at what it was registered with */
	vfs.zName = "sallyport";
	vfs.szOsFile += (int)sizeof(struct layered_file);
	vfs.pNext = NULL;
	vfs.xOpen = open_file;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : NULL;
}
