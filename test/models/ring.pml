/* The ring of one link, as in native/core/ring/ring_producer.cc and ring_consumer.cc: publishing,
   falling asleep, being rung, asking to be woken when something is taken, and the consumer's death
   or its closing at any moment. Memory is as weak as on the supported processors: each side's stores wait in a
   buffer of its own and become visible later, in order (TSO).

   Checked: neither side waits for ever while there is something for it; a message that a dead
   consumer's program was given is never given to another; every message that it was not given is,
   except one that it was just about to get; and of a consumer that closes, every message that its
   program was not given is. NO_SLEEP_FENCE, NO_RING_FENCE and NO_WAKE_FENCE omit a fence, NO_BEGUN
   the note of what was read, NO_SEEN that of what the program is about to get, NO_HAND_BACK the
   correction at the close: spin must find an error in each. */

#define MESSAGES 4
#define CAPACITY 2
#define NO_POSITION 15

/* The state that both sides see. */
byte tail, head, begun, seen, sleeping, wake_taken_at = NO_POSITION;
/* The doorbell (an eventfd: rung or not) and the channel's Wake datagrams. */
bit doorbell;
byte wakes;

bool producer_done, consumer_dead, consumer_closed;
/* The number of messages that the consumer's program was given, from the first on. */
byte given;
byte untaken_from = NO_POSITION;

mtype = { TAIL, WAKE_TAKEN_AT, HEAD, BEGUN, SEEN, SLEEPING };
chan producer_stores = [4] of { mtype, byte };
chan consumer_stores = [4] of { mtype, byte };

inline visible(which, value) {
  if
  :: which == TAIL -> tail = value
  :: which == HEAD -> head = value
  :: which == BEGUN -> begun = value
  :: which == SEEN -> seen = value
  :: which == SLEEPING -> sleeping = value
  :: which == WAKE_TAKEN_AT -> wake_taken_at = value
  fi
}

/* The memory: any store that waits may become visible at any time. */
active proctype memory() {
  mtype which;
  byte value;
end:
  do
  :: atomic { producer_stores ? which, value -> visible(which, value) }
  :: atomic { consumer_stores ? which, value -> visible(which, value) }
  od
}

inline fence(stores) { empty(stores) }

active proctype RingProducer() {
  byte position, known_head, in_doubt_to, armed = NO_POSITION;
  do
  :: consumer_dead -> break
  :: !consumer_dead && position == MESSAGES -> break
  :: !consumer_dead && position < MESSAGES ->
    /* reserve() */
    known_head = head;
    if
    :: position - known_head < CAPACITY ->
      /* commit() and publish() */
      position++;
      producer_stores ! TAIL, position;
      /* must_ring() */
#ifndef NO_RING_FENCE
      fence(producer_stores);
#endif
      if
      :: sleeping == 1 ->
        /* exchange */
        fence(producer_stores);
        atomic {
          if
          :: sleeping == 1 -> sleeping = 0; doorbell = 1
          :: else
          fi
        }
      :: else
      fi
    :: else ->
      /* arm_wakes(), wake_when_taken(): the message waits in the queue */
      if
      :: armed == NO_POSITION ->
        armed = known_head + 1;
        producer_stores ! WAKE_TAKEN_AT, armed;
#ifndef NO_WAKE_FENCE
        fence(producer_stores);
#endif
        if
        :: head >= armed -> armed = NO_POSITION
        :: else
        fi
      :: else ->
        /* The control thread sleeps until the channel says something. */
        if
        :: wakes > 0 -> wakes--; armed = NO_POSITION
        :: consumer_dead -> break
        fi
      fi
    fi
  od;
  fence(producer_stores);
  producer_done = true;
  /* mark_dead(): the channel's end is reported after the consumer's last stores became visible. */
  if
  :: consumer_dead && empty(consumer_stores) ->
    /* RingProducer::begun() */
#ifdef NO_SEEN
    in_doubt_to = begun;
#else
    in_doubt_to = (seen < begun -> seen : begun);
#endif
    untaken_from = (in_doubt_to > head -> in_doubt_to : head);
    assert(given <= untaken_from);
    assert(untaken_from <= given + 1);
    assert(!consumer_closed || given == untaken_from)
  :: !consumer_dead && given == MESSAGES
  fi
}

/* release() */
inline release() {
  consumer_stores ! HEAD, given;
  fence(consumer_stores);
  wanted = wake_taken_at;
  if
  :: wanted <= given && wanted != answered -> answered = wanted; wakes++
  :: else
  fi;
  released = given
}

active proctype RingConsumer() {
  byte position, released, known_tail, wanted, answered = NO_POSITION;
  {
    do
    :: given == MESSAGES && released == given -> break
    :: given == MESSAGES && released < given -> release()
    :: given < MESSAGES ->
      known_tail = tail;
      if
      :: known_tail > position ->
        /* peek(), copy, advance() of all that is there, then begin() */
        position = known_tail;
#ifndef NO_BEGUN
        consumer_stores ! BEGUN, position;
#endif
        do
        :: given < position ->
          /* The program gets a message; `head` follows now or later. */
          consumer_stores ! SEEN, given + 1;
          given++;
          if
          :: release()
          :: skip
          fi
        :: given == position -> break
#ifdef CLOSE
        :: given < position -> goto close
#endif
        od
      :: else ->
        if
        :: released < given -> release()
        :: else
        fi;
        /* prepare_sleep() */
        consumer_stores ! SLEEPING, 1;
#ifndef NO_SLEEP_FENCE
        fence(consumer_stores);
#endif
        if
        :: tail != position -> consumer_stores ! SLEEPING, 0
        :: else ->
          /* epoll_wait on the doorbell */
          doorbell == 1;
          doorbell = 0
        fi
      fi
    od;
    goto end;
close:
    /* hand_back(), then the channel's end */
    release();
#ifndef NO_HAND_BACK
    consumer_stores ! BEGUN, given;
#endif
    consumer_closed = true;
    consumer_dead = true;
end:
    skip
  } unless { consumer_dead && !consumer_closed }
}

#ifdef DEATH
/* SIGKILL at any moment: the consumer's code stops; its earlier stores become visible. */
active proctype death() {
  consumer_dead = true
}
#endif

/* No side can continue: then everything must have arrived. */
active proctype watcher() {
end:
  timeout -> assert(consumer_dead || given == MESSAGES)
}
