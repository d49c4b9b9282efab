/* A camera in C: paints pictures into shared memory and sends them, without a copy, to every
 * endpoint with the label "viewer": camera <bus> <pictures>. The memory of a picture is reused once
 * no viewer holds it. examples/c/viewer.mjs looks at them from Node. */
#include <busbar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1920, HEIGHT = 1080, PICTURE_BYTES = WIDTH * HEIGHT * 4 };

static void check(const char* what, busbar_status status) {
  if (status == BUSBAR_OK) return;
  fprintf(stderr, "%s: %s\n", what, busbar_status_string(status));
  exit(1);
}

static void paint(uint32_t* pixels, uint32_t number) {
  size_t i;
  for (i = 0; i < (size_t)WIDTH * HEIGHT; ++i) pixels[i] = number * 2654435761u + (uint32_t)i;
}

int main(int argc, char** argv) {
  const char* label = "camera";
  const unsigned long pictures = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
  busbar_join_options options = BUSBAR_JOIN_OPTIONS_INIT;
  busbar_registry_options memory = BUSBAR_REGISTRY_OPTIONS_INIT;
  busbar_registry_stats stats = {.size = sizeof stats};
  busbar_endpoint* endpoint = NULL;
  busbar_selector* viewers = NULL;
  busbar_registry* registry = NULL;
  busbar_outgoing message = BUSBAR_OUTGOING_INIT;
  uint32_t number;

  if (pictures == 0) {
    fprintf(stderr, "usage: camera <bus> <pictures>\n");
    return 2;
  }
  options.label = &label;
  options.label_count = 1;
  memory.region_flags = BUSBAR_REGION_READ_ONLY;
  check("join", busbar_endpoint_join(argv[1], &options, &endpoint));
  check("selector", busbar_selector_parse(endpoint, "viewer", BUSBAR_MULTICAST, &viewers));
  check("registry", busbar_registry_create(&memory, &registry));
  check("waiting for a viewer", busbar_endpoint_wait_for(endpoint, viewers, 1, 30000));

  busbar_uuid_parse(BUSBAR_TYPE_BYTES, &message.type);
  message.payload = &number;
  message.payload_bytes = sizeof number;
  for (number = 0; number < pictures; ++number) {
    busbar_region* picture = NULL;
    busbar_region_range range;
    check("memory",
          busbar_registry_alloc(registry, PICTURE_BYTES, "picture", NULL, NULL, &picture));
    paint(busbar_region_map(picture), number);
    range.region = picture;
    range.offset = 0;
    range.bytes = PICTURE_BYTES;
    message.regions = &range;
    message.region_count = 1;
    /* Waits for the viewers, so it is as fast as they are. */
    check("deliver",
          busbar_endpoint_deliver(endpoint, viewers, &message, BUSBAR_HANDLED, 30000, NULL));
    busbar_region_free(picture);
  }
  check("stats", busbar_registry_get_stats(registry, &stats));
  printf("%lu pictures in %llu regions\n", pictures, (unsigned long long)stats.created);
  busbar_registry_free(registry);
  busbar_selector_free(viewers);
  busbar_endpoint_close(endpoint, 1000, NULL);
  return 0;
}
