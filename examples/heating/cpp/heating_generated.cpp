#include "heating.hpp"
#include "system.hpp"
