// States of a process.
#pragma once

#define SRUN 2
#define SSTOP 4
#define SZOMB 5
