/* threads */
/* plugin */
/* A plugin with callbacks is used by many threads, shut down in the midst of it, and unloaded. The
 * process goes on, and whatever still called into the plugin would end it. */
#include "hosts.h"

enum { THREADS = 8, EACH = 20 };

#ifdef PLUGIN

/* Its code and its data go with it. */
static runtime_t *runtime;
static runtime_component_t *component, *direct;
static runtime_function_t *add, *tick, *direct_add;
static runtime_instance_t *instances[THREADS];
static atomic_int inside, finalized, ticks;

void plugin_open(void);
void plugin_use(size_t thread);
int plugin_close(void);
void plugin_free(void);

static runtime_error_t *on_add(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                               size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)args_len, (void)results_len;
  atomic_fetch_add(&inside, 1);
  if (args[0].of.u32 % 2 == 0) {
    runtime_reply_t *reply = NULL;
    CHECK_OK(runtime_call_defer(call, &reply));
    if (args[0].of.u32 % 4 == 0) runtime_reply_complete(reply, &args[1], 1, NULL);
    else runtime_reply_free(reply);
  } else {
    pause_ms(1);
    results[0] = value_u32(1);
  }
  atomic_fetch_sub(&inside, 1);
  return NULL;
}

static runtime_error_t *on_tick(void *user_data, runtime_call_t *call, const runtime_value_t *args,
                                size_t args_len, runtime_value_t *results, size_t results_len) {
  (void)user_data, (void)call, (void)args, (void)args_len, (void)results, (void)results_len;
  atomic_fetch_add(&ticks, 1);
  return NULL;
}

static runtime_error_t *on_interrupt(void *user_data) {
  (void)user_data;
  atomic_fetch_add(&ticks, 1);
  return NULL;
}

static void on_log(void *user_data, runtime_log_level_t level, const char *target,
                   size_t target_len, const char *message, size_t message_len) {
  (void)user_data, (void)level, (void)target, (void)target_len, (void)message, (void)message_len;
  atomic_fetch_add(&ticks, 1);
}

static void on_end(void *user_data, runtime_values_t *results, runtime_error_t *error) {
  (void)user_data;
  atomic_fetch_add(&inside, 1);
  runtime_values_free(results);
  runtime_error_free(error);
  atomic_fetch_sub(&inside, 1);
}

static void on_finalize(void *user_data) {
  (void)user_data;
  atomic_fetch_add(&finalized, 1);
}

static runtime_component_t *load_it(const runtime_linker_t *linker, uint64_t blocking) {
  runtime_component_t *it = NULL;
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.linker = linker;
  options.blocking_only = blocking;
  CHECK_OK(runtime_component_new(runtime, (const uint8_t *)host_wat, strlen(host_wat), &options,
                                 &it));
  return it;
}

void plugin_open(void) {
  runtime_builder_t *builder = guest_builder(100);
  runtime_builder_max_linear_memory(builder, 4 << 20);
  runtime_builder_worker_threads(builder, 4);
  runtime_builder_log(builder, RUNTIME_LOG_LEVEL_TRACE, on_log, NULL, on_finalize);
  CHECK_OK(runtime_build(builder, &runtime));
  runtime_builder_free(builder);
  runtime_linker_t *linker = linker_make();
  CHECK_OK(runtime_linker_define(linker, "acme:host/api@1.0.0#add", 23, on_add, NULL,
                                 on_finalize));
  CHECK_OK(runtime_linker_define(linker, "acme:host/api@1.0.0#tick", 24, on_tick, NULL,
                                 on_finalize));
  runtime_linker_unresolved_trap(linker);
  component = load_it(linker, 0);
  direct = load_it(linker, 1);
  runtime_linker_free(linker);
  add = find(component, "add");
  tick = find(component, "tick");
  direct_add = find(direct, "add");
  for (size_t i = 0; i < THREADS; i++) instances[i] = instantiate(component);
}

/* One of many threads, until the runtime takes no more. */
void plugin_use(size_t thread) {
  int code = 0;
  for (uint32_t n = 0; code != RUNTIME_ERROR_SHUTDOWN; n++) {
    runtime_value_t args[] = {value_u32(n / 4), value_u32(n)}, many = value_u32(100000);
    runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
    runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
    runtime_values_t *results = NULL;
    runtime_error_t *error = NULL;
    completion.callback = on_end;
    options.interrupt = on_interrupt;
    switch (n % 4) {
      case 0: error = runtime_function_call_async(add, args, 2, NULL, &completion); break;
      case 1: error = runtime_function_call(direct_add, args, 2, &options, &results); break;
      case 2: error = runtime_function_call(tick, &many, 1, &options, &results); break;
      default: {
        runtime_instance_t *own = instances[thread];
        error = runtime_instance_call(own, add, args, 2, &options, &results);
        if (runtime_instance_is_poisoned(own)) {
          runtime_instance_t *fresh = NULL;
          runtime_error_free(runtime_instance_new(component, NULL, &fresh));
          if (fresh != NULL) {
            runtime_instance_free(own);
            instances[thread] = fresh;
          }
        }
      }
    }
    runtime_values_free(results);
    code = (int)runtime_error_code(error);
    runtime_error_free(error);
  }
}

/* How often finalizers ran. */
int plugin_close(void) {
  CHECK_OK(runtime_shutdown(runtime, UINT64_MAX));
  CHECK(atomic_load(&inside) == 0);
  return atomic_load(&finalized);
}

/* When no thread uses it any more. */
void plugin_free(void) {
  for (size_t i = 0; i < THREADS; i++) runtime_instance_free(instances[i]);
  runtime_function_free(add);
  runtime_function_free(tick);
  runtime_function_free(direct_add);
  runtime_component_free(component);
  runtime_component_free(direct);
  runtime_free(runtime);
}

#else

#include <dlfcn.h>

static void (*plugin_open)(void), (*plugin_use)(size_t), (*plugin_free)(void);
static int (*plugin_close)(void);

static void *use(void *data) {
  plugin_use((size_t)(uintptr_t)data);
  return NULL;
}

static void find_in(void *plugin, const char *name, void *into) {
  void *found = dlsym(plugin, name);
  CHECK(found != NULL);
  memcpy(into, &found, sizeof found);
}

static void test_unloaded_in_the_midst_of_it(const char *program, int ms) {
  char path[4096];
  CHECK((size_t)snprintf(path, sizeof path, "%s.so", program) < sizeof path);
  int before = thread_count();
  void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (plugin == NULL) CHECK_FAIL("%s", dlerror());
  find_in(plugin, "plugin_open", &plugin_open);
  find_in(plugin, "plugin_use", &plugin_use);
  find_in(plugin, "plugin_close", &plugin_close);
  find_in(plugin, "plugin_free", &plugin_free);
  plugin_open();
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++) threads[i] = thread_start(use, (void *)(uintptr_t)i);
  pause_ms((uint64_t)ms);
  CHECK(plugin_close() == 3);
  CHECK(has_at_most(before + THREADS));
  for (size_t i = 0; i < THREADS; i++) thread_join(threads[i]);
  CHECK(has_threads(before));
  plugin_free();
  CHECK(dlclose(plugin) == 0);
  CHECK(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL);
}

int main(int argc, char **argv) {
  CHECK(argc == 1);
  for (int i = 0; i < EACH; i++) test_unloaded_in_the_midst_of_it(argv[0], i * 5);
  pause_ms(200);
  puts("test_unloaded_in_the_midst_of_it");
  return EXIT_SUCCESS;
}

#endif
