/* FreeRTOS as the test configures it: all that nvkv needs, nothing from a heap, and two counters
 * that say that tasks did wait for each other. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

/* What nvkv_lock_freertos.h asks for. */
#define configUSE_MUTEXES 1
#define configUSE_RECURSIVE_MUTEXES 1
#define configSUPPORT_STATIC_ALLOCATION 1

#define configSUPPORT_DYNAMIC_ALLOCATION 0
#define configKERNEL_PROVIDED_STATIC_MEMORY 1
#define configUSE_PREEMPTION 1
#define configUSE_TIME_SLICING 1
#define configTICK_RATE_HZ 1000
#define configCPU_CLOCK_HZ 25000000UL
#define configMAX_PRIORITIES 6
#define configMINIMAL_STACK_SIZE 2048
#define configMAX_TASK_NAME_LEN 12
#define configTICK_TYPE_WIDTH_IN_BITS TICK_TYPE_WIDTH_32_BITS
#define configUSE_IDLE_HOOK 1
#define configUSE_TICK_HOOK 0
#define configUSE_TIMERS 0

#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1
#define INCLUDE_xTaskGetCurrentTaskHandle 1
#define INCLUDE_xTaskGetSchedulerState 1

#ifdef __arm__
#define configCHECK_FOR_STACK_OVERFLOW 2
#define configKERNEL_INTERRUPT_PRIORITY (7 << 5)
#define configMAX_SYSCALL_INTERRUPT_PRIORITY (5 << 5)
/* board.c has the handlers in its own table of vectors. */
#define configCHECK_HANDLER_INSTALLATION 0
#else
/* Each task is a thread of POSIX, with the system's checks of its stack. */
#define configCHECK_FOR_STACK_OVERFLOW 0
#endif

void test_assert_failed(const char *file, unsigned line);
#define configASSERT(condition) \
    if (!(condition)) { \
        test_assert_failed(__FILE__, __LINE__); \
    }

/* A task begins to wait for a mutex; one gets the priority of another that waits for it. */
extern volatile unsigned test_waits, test_inherited;
#define traceBLOCKING_ON_QUEUE_RECEIVE(queue) test_waits++
#define traceTASK_PRIORITY_INHERIT(task, priority) test_inherited++

#endif
