/* SPDX-License-Identifier: Apache-2.0 */
/* services: owns the list of simulated services; a further one is one row here and one file. */
#include "test/awssim/services.h"

#include <string.h>

#include <kdiag/probe.h>

#include "test/awssim/cloudwatch.h"
#include "test/awssim/iam.h"
#include "test/awssim/imds.h"
#include "test/awssim/kinesis.h"
#include "test/awssim/logs.h"
#include "test/awssim/sts.h"

static const struct service *const services[] = {
    &kinesis_service, &cloudwatch_service, &logs_service, &iam_service, &sts_service, &imds_service};

const struct service *
services_find_target(const char *prefix, size_t len)
{
	for (size_t i = 0; i < KD_COUNT(services); i++)
		if (services[i]->protocol == SERVICE_JSON && strlen(services[i]->prefix) == len &&
		    memcmp(services[i]->prefix, prefix, len) == 0)
			return services[i];
	return NULL;
}

const struct service *
services_find_version(const char *version)
{
	for (size_t i = 0; i < KD_COUNT(services); i++)
		if (services[i]->protocol == SERVICE_QUERY && strcmp(services[i]->version, version) == 0)
			return services[i];
	return NULL;
}

const struct service *
services_metadata(void)
{
	return &imds_service;
}

const struct operation *
services_find_operation(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->operations_count; i++)
		if (strcmp(service->operations[i].name, name) == 0)
			return &service->operations[i];
	return NULL;
}

size_t
services_number(const struct service *service, const struct operation *operation)
{
	size_t number = 0;

	for (size_t i = 0; i < KD_COUNT(services) && services[i] != service; i++)
		number += services[i]->operations_count;
	return number + (size_t)(operation - service->operations);
}

const struct operation *
services_at(size_t number)
{
	for (size_t i = 0; i < KD_COUNT(services); i++) {
		if (number < services[i]->operations_count)
			return &services[i]->operations[number];
		number -= services[i]->operations_count;
	}
	return NULL;
}

bool
services_know(const char *service)
{
	for (size_t i = 0; i < KD_COUNT(services); i++)
		if (strcmp(services[i]->name, service) == 0)
			return true;
	return false;
}

bool
services_know_operation(const char *operation)
{
	for (size_t i = 0; i < KD_COUNT(services); i++)
		if (services_find_operation(services[i], operation) != NULL)
			return true;
	return false;
}
