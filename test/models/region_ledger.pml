/* The ledger of a memory region, as in native/core/region/region_ledger.cc: references move
   between slots while another process sums them up. Checked: is_free() never returns true while
   there is a reference. NO_ADDITIONS omits the check of the additions counter: spin must find the
   error.

   A reference is added in its new slot, the addition is counted, and then it is taken from its old
   slot. */

#define SLOTS 3
#define MOVES 4

byte count[SLOTS];
byte additions;
byte moved;
bool gone;

active proctype mover() {
  byte at, to;
  count[0] = 1;
  additions++;
  do
  :: moved == MOVES -> break
  :: moved < MOVES ->
    if
    :: to = 0
    :: to = 1
    :: to = 2
    fi;
    /* add() */
    count[to]++;
    additions++;
    /* subtract() */
    count[at]--;
    at = to;
    moved++
  od;
  gone = true;
  count[at]--
}

active proctype summer() {
  byte before, sum, slot;
  bool free;
  /* A reference exists before anything waits for the end of the last one. */
  additions > 0;
  do
  :: free -> break
  :: !free ->
    /* is_free(), with total() in the order of the slots */
    before = additions;
    sum = 0;
    slot = 0;
    do
    :: slot < SLOTS -> sum = sum + count[slot]; slot++
    :: else -> break
    od;
#ifdef NO_ADDITIONS
    free = (sum == 0)
#else
    free = (sum == 0 && additions == before)
#endif
  od;
  assert(gone)
}
