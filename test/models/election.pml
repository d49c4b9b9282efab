/* The election, as in native/core/membership/seeker.cc and membership_liveness.cc, and
   native/linux/unix_socket_listener.cc: members look, claim the name, depose a holder that does
   not answer, ring its bell, and follow the name; one is killed and some are stopped at any
   moment, a killed one perhaps with the lock held. Checked: no member is served by a holder that
   has lost the name, no two holders that serve have the same generation, and in the end all
   members are with the one holder.

   NO_BELL omits the ring, NO_HOLDS_NAME the check before each step in office, BELL_FIRST swaps the
   two renames, NO_NUMBER_KEPT omits the number in the lock's file: spin must find an error in
   each. */

#define N 3
#define HOLDERS 8
#define NOBODY 0

byte holder;            /* the member that .sock leads to */
byte bell;              /* the member whose FIFO .bell leads to */
byte owner[HOLDERS];
bool rung[HOLDERS];
byte generation[HOLDERS];
bool served[HOLDERS];
byte numbers;
byte last_generation;   /* in the lock's file */
byte lock;              /* its holder, plus one */

bool dead[N];
bool stopped[N];
byte office[N];         /* the number under which it believes to hold the name */
byte connected[N];      /* the holder that it has joined */
byte heard[N];          /* the holder whose bell it listens to */
byte kills, stops;

#define awake(i) (!dead[i] && !stopped[i])
#define listens(h) (h != NOBODY && !dead[owner[h]])
#define gives_no_answer(h) (h != NOBODY && !dead[owner[h]] && stopped[owner[h]])

/* bind_name() and take_name(), with the lock; `old` is the holder whose bell has the name. */
inline take_name(i, old, mine) {
  old = bell;
  atomic { numbers++; mine = numbers; assert(mine < HOLDERS); owner[mine] = i };
#ifdef BELL_FIRST
  if :: atomic { awake(i) -> bell = mine } :: dead[i] fi;
#endif
  if :: atomic { awake(i) -> holder = mine } :: dead[i] fi;
#ifndef NO_BELL
  if :: atomic { awake(i) -> rung[old] = true } :: dead[i] fi;
#endif
#ifndef BELL_FIRST
  if :: atomic { awake(i) -> bell = mine } :: dead[i] fi;
#endif
  atomic {
    if
    :: awake(i) ->
      lock = 0;
      /* begin_generation() */
#ifdef NO_NUMBER_KEPT
      generation[mine] = generation[connected[i]] + 1;
#else
      last_generation++;
      generation[mine] = last_generation;
#endif
      office[i] = mine;
      connected[i] = mine;
      heard[i] = mine
    :: dead[i]
    fi
  }
}

proctype member(byte i) {
  byte h, b, mine, old;
end:
  do
  :: dead[i] -> break
  :: awake(i) && connected[i] == NOBODY && office[i] == NOBODY ->
    /* connect(): the bell before the name */
    b = bell;
    if :: atomic { awake(i) -> h = holder } :: dead[i] -> break fi;
    if
    /* By the name, which still leads to the same holder afterwards. */
    :: atomic { awake(i) && listens(h) && holder == h -> connected[i] = h; heard[i] = b }
    :: awake(i) && listens(h) && holder != h -> skip
    :: awake(i) && !listens(h) && lock == 0 ->
      /* claim(): once more, under the lock */
      atomic { lock == 0 && awake(i) -> lock = i + 1 };
      if
      :: awake(i) && !listens(holder) -> take_name(i, old, mine)
      :: awake(i) && listens(holder) -> lock = 0
      :: dead[i] -> break
      fi
    :: dead[i] -> break
    :: awake(i) && !listens(h) && lock != 0 -> skip
    fi
  :: awake(i) && office[i] == NOBODY && connected[i] != NOBODY && dead[owner[connected[i]]] ->
    /* lose_controller() */
    connected[i] = NOBODY
  :: awake(i) && office[i] == NOBODY && connected[i] != NOBODY && rung[heard[i]] &&
     holder != connected[i] ->
    /* on_bell(), follow_name() */
    connected[i] = NOBODY
  :: awake(i) && office[i] == NOBODY && connected[i] != NOBODY && rung[heard[i]] &&
     holder == connected[i] && heard[i] != bell ->
    /* on_pong(): the bell was that of an earlier holder. */
    b = bell;
    if
    :: atomic { awake(i) && holder == connected[i] -> heard[i] = b }
    :: awake(i) && holder != connected[i] -> connected[i] = NOBODY
    :: dead[i] -> break
    fi
  :: i == 0 && awake(i) && office[i] == NOBODY && gives_no_answer(connected[i]) && lock == 0 ->
    /* suspect(), depose(): by a member that needs the controller; the others must learn of it. */
    h = connected[i];
    atomic { lock == 0 && awake(i) -> lock = i + 1 };
    if
    :: awake(i) && holder == h -> take_name(i, old, mine)
    :: awake(i) && holder != h -> lock = 0; connected[i] = NOBODY
    :: dead[i] -> break
    fi
  :: awake(i) && office[i] != NOBODY && holder != office[i] ->
    /* leave_lost_office(): its connections close */
    atomic {
      h = 0;
      do
      :: h < N ->
        if :: connected[h] == office[i] -> connected[h] = NOBODY :: else fi;
        h++
      :: else -> break
      od;
      h = NOBODY;
      office[i] = NOBODY;
      connected[i] = NOBODY
    }
  /* A step that has begun when the name is taken is finished; the next holder repeats it. */
#ifdef NO_HOLDS_NAME
  :: atomic { awake(i) && office[i] != NOBODY && !served[office[i]] ->
#else
  :: atomic { awake(i) && office[i] != NOBODY && holder == office[i] && !served[office[i]] ->
#endif
      assert(holder == office[i]);
      served[office[i]] = true;
      h = 1;
      do
      :: h < HOLDERS ->
        assert(h == office[i] || !served[h] || generation[h] != generation[office[i]]);
        h++
      :: else -> break
      od;
      h = NOBODY
    }
  od
}

proctype world() {
  byte i;
  do
  :: kills < 1 -> atomic {
      select(i : 0 .. 2);
      kills++;
      dead[i] = true;
      stopped[i] = false;
      /* The kernel releases the lock. */
      if :: lock == i + 1 -> lock = 0 :: else fi
    }
  :: stops < 1 -> atomic {
      select(i : 0 .. 2);
      if
      /* Not with the lock held: see "What is not handled". */
      :: !dead[i] && lock != i + 1 -> stops++; stopped[i] = true
      :: else
      fi
    }
  :: atomic {
      select(i : 0 .. 2);
      if :: stopped[i] -> stopped[i] = false :: else fi
    }
  :: break
  od;
  /* Nothing happens any more: all running members are with the one holder, which runs, too. */
  timeout;
  i = 0;
  do
  :: i < N ->
    /* Or a deposing member died before it could ring: the next holder rings the same bell. */
    assert(!awake(i) || connected[i] == holder || (dead[owner[holder]] && heard[i] == bell));
    assert(!awake(i) || office[i] == NOBODY || office[i] == holder);
    i++
  :: else -> break
  od;
  assert(!awake(0) || awake(owner[holder]))
}

init {
  atomic { run member(0); run member(1); run member(2); run world() }
}
