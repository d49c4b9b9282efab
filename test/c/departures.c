/* What an endpoint hears of a peer that dies comes in order, although two of its threads call the
 * library: every message that the peer did not take first, then that it has left, then its own last
 * messages and that it has ended, and nothing about it afterwards. Ends with 0 if all is as
 * busbar.h says: departures <bus> */
#include <busbar.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define ROUNDS 30
#define MESSAGES 7
/* What each victim has sent before it is killed: more than the library takes in one batch. */
#define LAST_WORDS 700

/* Of one peer. */
struct news {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  uint64_t peer_id;
  int joined;
  int undelivered;
  int failed;
  int left;
  int ended;
  /* How many were undelivered, and how many deliveries had failed, when it had left. */
  int before;
  /* Messages of any peer. */
  int received;
  /* The receiving thread is to take messages, and knows that it is not to. */
  int may_receive;
  int pauses;
  int over;
};

static void begin_news(struct news* news, uint64_t peer_id) {
  pthread_mutex_lock(&news->lock);
  news->peer_id = peer_id;
  news->undelivered = news->failed = news->left = news->ended = news->before = 0;
  news->joined = news->received = 0;
  pthread_mutex_unlock(&news->lock);
}

static void note(void* context, const busbar_event* event) {
  struct news* news = context;
  pthread_mutex_lock(&news->lock);
  if (event->peer_id != 0 && event->peer_id == news->peer_id) {
    switch (event->kind) {
      case BUSBAR_EVENT_PEER_JOINED:
        ++news->joined;
        break;
      case BUSBAR_EVENT_UNDELIVERED:
        CHECK(news->left == 0);
        ++news->undelivered;
        break;
      case BUSBAR_EVENT_DELIVERY_FAILED:
        CHECK(news->left == 0);
        ++news->failed;
        break;
      case BUSBAR_EVENT_PEER_LEFT:
        CHECK(news->left == 0 && news->ended == 0);
        news->before = news->undelivered + news->failed;
        ++news->left;
        break;
      case BUSBAR_EVENT_PEER_ENDED:
        CHECK(news->left == 1 && news->ended == 0);
        ++news->ended;
        break;
      default:
        break;
    }
    pthread_cond_broadcast(&news->changed);
  }
  pthread_mutex_unlock(&news->lock);
}

/* Joins, takes nothing, sends its last words, says on descriptor 3 that they can be read, and waits
 * until it is killed. */
static int be_victim(const char* bus) {
  const char* label = "victim";
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_endpoint* endpoint = NULL;
  busbar_selector* to_witness = NULL;
  const busbar_outgoing word = bytes("last word", 9);
  int i;
  options.label = &label;
  options.label_count = 1;
  OK(busbar_endpoint_join(bus, &options, &endpoint));
  to_witness = select_one(endpoint, "witness");
  for (i = 0; i < LAST_WORDS; ++i) OK(busbar_endpoint_send(endpoint, to_witness, &word, NULL));
  OK(busbar_endpoint_drain(endpoint, 20000));
  CHECK(write(3, "!", 1) == 1);
  for (;;) pause();
}

struct side {
  pthread_t thread;
  busbar_endpoint* endpoint;
  struct news* news;
};

static int is_over(struct news* news) {
  int over;
  pthread_mutex_lock(&news->lock);
  over = news->over;
  pthread_mutex_unlock(&news->lock);
  return over;
}

/* Takes messages while it may. */
static void* receive_all(void* context) {
  const struct side* self = context;
  struct news* news = self->news;
  while (is_over(news) == 0) {
    busbar_message* message = NULL;
    busbar_status status;
    pthread_mutex_lock(&news->lock);
    while (news->may_receive == 0 && news->over == 0) {
      news->pauses = 1;
      pthread_cond_broadcast(&news->changed);
      pthread_cond_wait(&news->changed, &news->lock);
    }
    news->pauses = 0;
    pthread_mutex_unlock(&news->lock);
    status = busbar_endpoint_receive(self->endpoint, 20, &message);
    CHECK(status == BUSBAR_TIMEOUT || status == BUSBAR_OK);
    if (status == BUSBAR_TIMEOUT) continue;
    busbar_message_free(message);
    pthread_mutex_lock(&news->lock);
    ++news->received;
    pthread_cond_broadcast(&news->changed);
    pthread_mutex_unlock(&news->lock);
  }
  return NULL;
}

static void* dispatch_all(void* context) {
  const struct side* self = context;
  busbar_selector* nobody = select_one(self->endpoint, "nobody");
  while (is_over(self->news) == 0) {
    OK(busbar_endpoint_dispatch(self->endpoint));
    CHECK(busbar_endpoint_wait_for(self->endpoint, nobody, 1, 1) == BUSBAR_TIMEOUT);
  }
  busbar_selector_free(nobody);
  return NULL;
}

/* Returns when its last words can be read. */
static pid_t start_victim(const char* program, const char* bus) {
  int ends[2];
  char said = 0;
  pid_t child;
  CHECK(pipe(ends) == 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    if (ends[1] != 3) dup2(ends[1], 3);
    execl(program, program, bus, "victim", (char*)NULL);
    _exit(127);
  }
  close(ends[1]);
  CHECK(read(ends[0], &said, 1) == 1 && said == '!');
  close(ends[0]);
  return child;
}

static void set_receiving(struct news* news, int wanted) {
  pthread_mutex_lock(&news->lock);
  news->may_receive = wanted;
  pthread_cond_broadcast(&news->changed);
  while (wanted == 0 && news->pauses == 0) pthread_cond_wait(&news->changed, &news->lock);
  pthread_mutex_unlock(&news->lock);
}

static void test_round(busbar_endpoint* endpoint, struct news* news, const char* program,
                       const char* bus) {
  busbar_selector* to_victim = select_one(endpoint, "victim");
  const busbar_outgoing message = bytes("never taken", 11);
  const pid_t child = start_victim(program, bus);
  busbar_peer_list* victims = NULL;
  int i;
  OK(busbar_endpoint_matching_peers(endpoint, to_victim, &victims));
  CHECK(busbar_peer_list_count(victims) == 1);
  begin_news(news, busbar_peer_list_id(victims, 0));
  busbar_peer_list_free(victims);
  for (i = 0; i < MESSAGES; ++i) {
    uint64_t delivery;
    /* In turn with a promise. */
    if (i % 2 != 0) {
      OK(busbar_endpoint_start_delivery(endpoint, to_victim, &message, BUSBAR_TAKEN, &delivery,
                                        NULL));
    } else {
      OK(busbar_endpoint_send(endpoint, to_victim, &message, NULL));
    }
  }
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
  pthread_mutex_lock(&news->lock);
  while (news->left == 0) pthread_cond_wait(&news->changed, &news->lock);
  /* Each of them was undelivered; those with a promise have failed besides. */
  CHECK(news->before == MESSAGES + MESSAGES / 2);
  /* Nobody has taken its last words. */
  CHECK(news->ended == 0 && news->received == 0);
  pthread_mutex_unlock(&news->lock);
  set_receiving(news, 1);
  pthread_mutex_lock(&news->lock);
  while (news->ended == 0 || news->received < LAST_WORDS)
    pthread_cond_wait(&news->changed, &news->lock);
  /* The last message may have been returned to the other thread just before the event. */
  CHECK(news->received == LAST_WORDS && news->left == 1 && news->ended == 1);
  pthread_mutex_unlock(&news->lock);
  set_receiving(news, 0);
  busbar_selector_free(to_victim);
}

/* One thread, which dispatches while messages wait in the library. */
static void test_inbox(busbar_endpoint* endpoint, struct news* news, const char* program,
                       const char* bus) {
  const pid_t child = start_victim(program, bus);
  busbar_selector* to_victim = select_one(endpoint, "victim");
  busbar_selector* nobody = select_one(endpoint, "nobody");
  busbar_peer_list* victims = NULL;
  int taken;
  OK(busbar_endpoint_matching_peers(endpoint, to_victim, &victims));
  begin_news(news, busbar_peer_list_id(victims, 0));
  busbar_peer_list_free(victims);
  /* One that comes and goes before the library has looked is not reported. */
  while (news->joined == 0)
    CHECK(busbar_endpoint_wait_for(endpoint, nobody, 1, 1) == BUSBAR_TIMEOUT);
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
  while (news->left == 0) CHECK(busbar_endpoint_wait_for(endpoint, nobody, 1, 1) == BUSBAR_TIMEOUT);
  for (taken = 0; taken < LAST_WORDS; ++taken) {
    CHECK(news->ended == 0);
    busbar_message_free(receive(endpoint));
    OK(busbar_endpoint_dispatch(endpoint));
  }
  while (news->ended == 0) {
    busbar_message* none = NULL;
    CHECK(busbar_endpoint_receive(endpoint, 1, &none) == BUSBAR_TIMEOUT);
  }
  busbar_selector_free(nobody);
  busbar_selector_free(to_victim);
}

int main(int argc, char** argv) {
  struct news news;
  const char* label = "witness";
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  struct side receiver, dispatcher;
  int round;
  CHECK(argc >= 2);
  if (argc == 3) return be_victim(argv[1]);
  memset(&news, 0, sizeof news);
  CHECK(pthread_mutex_init(&news.lock, NULL) == 0 && pthread_cond_init(&news.changed, NULL) == 0);
  options.on_event = note;
  options.context = &news;
  options.label = &label;
  options.label_count = 1;
  OK(busbar_endpoint_join(argv[1], &options, &receiver.endpoint));
  busbar_endpoint_watch_peers(receiver.endpoint, 1);
  test_inbox(receiver.endpoint, &news, argv[0], argv[1]);
  dispatcher.endpoint = receiver.endpoint;
  receiver.news = dispatcher.news = &news;
  CHECK(pthread_create(&receiver.thread, NULL, receive_all, &receiver) == 0);
  CHECK(pthread_create(&dispatcher.thread, NULL, dispatch_all, &dispatcher) == 0);
  for (round = 0; round < ROUNDS; ++round) test_round(receiver.endpoint, &news, argv[0], argv[1]);
  pthread_mutex_lock(&news.lock);
  news.over = 1;
  pthread_cond_broadcast(&news.changed);
  pthread_mutex_unlock(&news.lock);
  CHECK(pthread_join(receiver.thread, NULL) == 0 && pthread_join(dispatcher.thread, NULL) == 0);
  OK(busbar_endpoint_close(receiver.endpoint, 1000, NULL));
  puts("all as busbar.h says");
  return 0;
}
